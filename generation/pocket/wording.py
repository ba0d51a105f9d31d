"""The ways to say each attribute of a scene in English. Data only; free of torch.

In a motion, `{}` stands for the adverb of speed or for nothing. Every phrase is lower case;
`vocabulary.txt` must hold all of its words.
"""

from generation.pocket.world import (
    BackgroundName,
    CameraName,
    ColourName,
    MotionName,
    SizeName,
    SpeedName,
    StyleName,
    ThingName,
)

THING_WORDS: dict[ThingName, tuple[str, ...]] = {
    "circle": ("circle", "circle", "ball", "disc", "dot"),
    "square": ("square", "square", "box", "block"),
    "triangle": ("triangle",),
    "star": ("star",),
    "heart": ("heart",),
    "ring": ("ring", "ring", "hoop"),
    "moon": ("moon", "moon", "crescent"),
    "sun": ("sun",),
    "boat": ("boat", "boat", "ship", "sailboat"),
    "fish": ("fish",),
    "balloon": ("balloon",),
    "car": ("car", "car", "automobile"),
    "house": ("house", "house", "home", "cottage"),
    "tree": ("tree", "tree", "pine"),
    "rocket": ("rocket", "rocket", "spaceship"),
    "flower": ("flower", "flower", "blossom"),
}
COLOUR_WORDS: dict[ColourName, tuple[str, ...]] = {
    "red": ("red", "red", "red", "scarlet", "crimson"),
    "orange": ("orange",),
    "yellow": ("yellow", "yellow", "yellow", "golden"),
    "green": ("green",),
    "blue": ("blue",),
    "purple": ("purple", "purple", "violet"),
    "pink": ("pink",),
    "brown": ("brown",),
    "white": ("white",),
    "black": ("black",),
}
SIZE_WORDS: dict[SizeName, tuple[str, ...]] = {
    "small": ("small", "little", "tiny"),
    "medium": ("",),
    "big": ("big", "large", "huge"),
}
SPEED_WORDS: dict[SpeedName, tuple[str, ...]] = {
    "slow": ("slowly", "slowly", "gently", "calmly"),
    "normal": ("",),
    "fast": ("fast", "quickly", "quickly", "rapidly", "swiftly"),
}
MOTION_PHRASES: dict[MotionName, tuple[str, ...]] = {
    "right": (
        "moving {} right", "moving {} right", "moving right {}", "moves {} right",
        "moving {} to the right", "moves {} to the right", "moves right {}",
        "drifts {} to the right",
        "drifting {} right", "goes {} rightwards", "going {} right", "glides {} to the right",
        "sliding {} to the right", "slides {} right", "travels {} right", "flies {} to the right",
        "flying {} right", "sails {} to the right", "sailing {} right", "drives {} right",
        "driving {} to the right", "swims {} right", "rolling {} to the right",
        "moving {} from left to right", "moves {} from the left to the right",
    ),
    "left": (
        "moving {} left", "moving {} left", "moving left {}", "moves {} left",
        "moving {} to the left", "moves {} to the left", "moves left {}", "drifts {} to the left",
        "drifting {} left", "goes {} leftwards", "going {} left", "glides {} to the left",
        "sliding {} to the left", "slides {} left", "travels {} left", "flies {} to the left",
        "flying {} left", "sails {} to the left", "sailing {} left", "drives {} left",
        "driving {} to the left", "swims {} left", "rolling {} to the left",
        "moving {} from right to left", "moves {} from the right to the left",
    ),
    "up": (
        "moving {} up", "moving {} up", "moving up {}", "moves {} up", "moves up {}",
        "rising {}", "rising {}", "rises {}", "{} rising", "goes {} upwards", "going {} up",
        "floats {} up", "floating {} upwards", "flies {} up", "flying {} upwards",
        "drifts {} upward", "climbing {}", "climbs {}", "ascending {}", "moving {} upwards",
        "moving {} to the top", "moves {} from the bottom to the top",
    ),
    "down": (
        "moving {} down", "moving {} down", "moving down {}", "moves {} down", "moves down {}",
        "falling {}", "falling {}", "falls {}", "{} falling", "goes {} downwards", "going {} down",
        "sinks {}", "sinking {}", "drops {}", "dropping {}", "drifts {} downward",
        "descending {}", "moving {} downwards", "falls {} down",
        "moving {} to the bottom", "moves {} from the top to the bottom",
    ),
    "still": (
        "", "", "standing still", "standing still", "stays still", "not moving", "is still",
        "resting", "motionless", "holding still",
    ),
    "grow": (
        "growing {}", "growing {}", "grows {}", "{} growing", "getting {} bigger", "gets bigger {}",
        "growing {} bigger", "grows {} larger", "expanding {}", "expands {}", "becoming {} larger",
    ),
    "shrink": (
        "shrinking {}", "shrinking {}", "shrinks {}", "{} shrinking", "getting {} smaller",
        "gets smaller {}", "shrinks {} smaller", "becoming {} smaller", "contracting {}",
    ),
    "circle": (
        "circling {}", "circling {}", "circles {}", "moving {} in a circle", "moves {} in circles",
        "going {} around in a circle", "goes {} in circles", "orbiting {}", "orbits {}",
        "flying {} in circles",
    ),
    "spin": (
        "spinning {}", "spinning {}", "spins {}", "{} spinning", "rotating {}", "turning {}",
        "turns {} around", "whirling {}", "spinning {} in place",
    ),
    "bounce": (
        "bouncing {}", "bouncing {}", "bounces {}", "{} bouncing", "bouncing {} up and down",
        "hopping {}", "hops {}", "jumping {} up and down", "jumps {}",
    ),
    "sway": (
        "swaying {}", "swaying {}", "sways {}", "swinging {}", "swings {} from side to side",
        "moving {} back and forth", "swaying {} from side to side", "rocking {} side to side",
    ),
}  # fmt: skip
BACKGROUND_PHRASES: dict[BackgroundName, tuple[str, ...]] = {
    "plain": (
        "", "", "", "", "", "on a plain background", "on a grey background", "on gray",
        "against a plain grey background",
    ),
    "white": ("on a white background", "on white", "against a white background"),
    "black": ("on a black background", "on black", "against a dark background"),
    "night": (
        "at night", "in the night sky", "under the stars", "in a starry night", "in space",
        "in the starry sky", "against a night sky with stars",
    ),
    "sunset": (
        "at sunset", "on the sunset sea", "over the sea at sunset", "on the sea", "over the ocean",
        "by the sea at dusk", "in the sunset",
    ),
    "meadow": (
        "on a meadow", "in a green meadow", "in the meadow", "over a meadow", "on the grass",
        "in a field", "over green hills",
    ),
    "snow": (
        "in the snow", "in a snowy landscape", "over the snow", "on snow", "in winter",
        "on a snowy hill",
    ),
    "desert": (
        "in the desert", "over the desert", "on the sand", "in a sandy desert", "over sand dunes",
        "on a beach",
    ),
    "city": (
        "in the city", "in a city at night", "over the city", "above the city at night",
        "in front of a city skyline", "in town at night",
    ),
}  # fmt: skip
CAMERA_PHRASES: dict[CameraName, tuple[str, ...]] = {
    "none": ("",),
    "zoom in": (
        "the camera zooms in", "camera zoom in", "zooming in", "camera zooming in", "zoom in",
        "with the camera zooming in",
    ),
    "zoom out": (
        "the camera zooms out", "camera zoom out", "zooming out", "camera zooming out", "zoom out",
        "with the camera zooming out",
    ),
    "pan left": (
        "the camera pans left", "camera pan left", "camera panning left", "pan left",
        "the camera pans to the left", "with the camera panning to the left",
    ),
    "pan right": (
        "the camera pans right", "camera pan right", "camera panning right", "pan right",
        "the camera pans to the right", "with the camera panning to the right",
    ),
    "tilt up": (
        "the camera tilts up", "camera tilt up", "camera tilting up", "tilt up",
        "the camera tilts upwards",
    ),
    "tilt down": (
        "the camera tilts down", "camera tilt down", "camera tilting down", "tilt down",
        "the camera tilts downwards",
    ),
    "rotate": (
        "the camera rotates", "camera rotate", "rotating camera", "the camera turns",
        "with the camera rotating", "camera rotation",
    ),
}  # fmt: skip
STYLE_PHRASES: dict[StyleName, tuple[str, ...]] = {
    "flat": ("",),
    "outline": ("outline style", "as an outline", "drawn in outline", "line drawing"),
    "pixel art": ("pixel art", "in pixel art style", "as pixel art", "pixelated"),
}
COMPANY_WORDS: tuple[str, ...] = ("with", "with", "and", "next to", "beside")
"""What joins a companion to the rest."""
OPENINGS: tuple[str, ...] = (
    "", "", "", "", "", "", "a video of", "a clip of", "an animation of", "a picture of", "video:",
    "there is", "show", "show me", "imagine",
)  # fmt: skip
PLURALS: dict[str, str] = {
    word: {"fish": "fishes", "box": "boxes"}.get(word, f"{word}s")
    for words in THING_WORDS.values()
    for word in words
}
_VERBS: tuple[tuple[str, str, str], ...] = (
    ("move", "moves", "moving"), ("drift", "drifts", "drifting"), ("go", "goes", "going"),
    ("glide", "glides", "gliding"), ("slide", "slides", "sliding"),
    ("travel", "travels", "travelling"), ("fly", "flies", "flying"), ("sail", "sails", "sailing"),
    ("drive", "drives", "driving"), ("swim", "swims", "swimming"), ("roll", "rolls", "rolling"),
    ("rise", "rises", "rising"), ("float", "floats", "floating"), ("climb", "climbs", "climbing"),
    ("ascend", "ascends", "ascending"), ("fall", "falls", "falling"), ("sink", "sinks", "sinking"),
    ("drop", "drops", "dropping"), ("descend", "descends", "descending"),
    ("grow", "grows", "growing"), ("expand", "expands", "expanding"),
    ("shrink", "shrinks", "shrinking"), ("contract", "contracts", "contracting"),
    ("circle", "circles", "circling"), ("orbit", "orbits", "orbiting"),
    ("spin", "spins", "spinning"), ("rotate", "rotates", "rotating"), ("turn", "turns", "turning"),
    ("whirl", "whirls", "whirling"), ("bounce", "bounces", "bouncing"), ("hop", "hops", "hopping"),
    ("jump", "jumps", "jumping"), ("sway", "sways", "swaying"), ("swing", "swings", "swinging"),
    ("rock", "rocks", "rocking"), ("get", "gets", "getting"), ("become", "becomes", "becoming"),
)  # fmt: skip
VERB_FORMS: dict[str, tuple[str, ...]] = {form: forms for forms in _VERBS for form in forms[1:]}
"""Other forms of a verb that say the same."""
UNKNOWN_FILLERS: tuple[str, ...] = ("cute", "beautiful", "nice", "cinematic", "realistic", "pretty")
"""Words that people add and that change nothing in this world."""
