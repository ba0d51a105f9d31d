"""The world that the playground starts with.

All ids are constants, so that a bot which remembers guilds, channels and people in its own
database finds them again after the playground was started anew.
"""

from bot.playground.permissions import Permission as P
from bot.playground.world import Channel, Guild, Overwrite, Role, User, World

APPLICATION_ID = "1100000000000000001"
ADA = User(id="1100000000000000011", username="ada", global_name="Ada", color="#3f7fd1")
GRACE = User(id="1100000000000000012", username="grace", global_name="Grace", color="#b4569b")
LIN = User(id="1100000000000000013", username="lin", global_name="Lin", color="#2f8f6b")
KEEPER = User(id="1100000000000000019", username="keeper", global_name="Keeper")

STUDENT_MAY = (
    P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.ADD_REACTIONS
    | P.USE_APPLICATION_COMMANDS
    | P.CREATE_PUBLIC_THREADS
    | P.SEND_MESSAGES_IN_THREADS
)
MODERATOR_MAY = (
    P.KICK_MEMBERS
    | P.MANAGE_CHANNELS
    | P.MANAGE_GUILD
    | P.MANAGE_MESSAGES
    | P.MANAGE_THREADS
    | P.MODERATE_MEMBERS
)
BOT_MAY = (
    P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.USE_EXTERNAL_EMOJIS
    | P.CREATE_PUBLIC_THREADS
    | P.SEND_MESSAGES_IN_THREADS
)
WRITING = P.SEND_MESSAGES | P.SEND_MESSAGES_IN_THREADS | P.CREATE_PUBLIC_THREADS


def seeded_world(application_name: str) -> World:
    """Two guilds with the same three members, and the bot in both."""
    return World(
        application_id=APPLICATION_ID,
        application_name=application_name,
        bot_user=User(
            id=APPLICATION_ID,
            username=application_name.lower().replace(" ", "-"),
            global_name=application_name,
            bot=True,
        ),
        owner=KEEPER,
        members=(ADA, GRACE, LIN),
        moderator_ids=frozenset({LIN.id}),
        guilds=(
            _guild(1, "Study Hall", application_name),
            _guild(2, "Film Club", application_name),
        ),
    )


def _guild(number: int, name: str, application_name: str) -> Guild:
    guild_id = _id(number, 0)
    moderator_role, bot_role = _id(number, 2), _id(number, 3)
    return Guild(
        id=guild_id,
        name=name,
        owner_id=KEEPER.id,
        roles=(
            Role(id=guild_id, name="@everyone", permissions=STUDENT_MAY),
            Role(id=_id(number, 1), name="student", permissions=0, color=0x3F7FD1, position=1),
            Role(
                id=moderator_role,
                name="moderator",
                permissions=MODERATOR_MAY,
                color=0x2F8F6B,
                position=2,
            ),
            Role(id=bot_role, name=application_name, permissions=BOT_MAY, position=3),
        ),
        channels=_channels(number, guild_id, moderator_role, bot_role),
        members={
            ADA.id: (_id(number, 1),),
            GRACE.id: (_id(number, 1),),
            LIN.id: (moderator_role,),
            KEEPER.id: (),
            APPLICATION_ID: (bot_role,),
        },
    )


def _channels(
    number: int, guild_id: str, moderator_role: str, bot_role: str
) -> tuple[Channel, ...]:
    nobody_writes = (
        Overwrite(target_id=guild_id, kind=0, deny=WRITING),
        Overwrite(target_id=moderator_role, kind=0, allow=WRITING),
        Overwrite(target_id=bot_role, kind=0, deny=WRITING),
    )
    topics = (
        ("studio", "Make clips here", ()),
        ("showcase", "The ones worth keeping", ()),
        ("read-only", "Moderators only; the bot may not post here", nobody_writes),
    )
    return tuple(
        Channel(
            id=_id(number, 10 + position),
            guild_id=guild_id,
            name=name,
            topic=topic,
            position=position,
            overwrites=overwrites,
        )
        for position, (name, topic, overwrites) in enumerate(topics)
    )


def _id(guild_number: int, thing: int) -> str:
    return str(1100000000000000000 + 1000 * guild_number + thing)
