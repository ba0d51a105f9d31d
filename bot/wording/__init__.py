"""What words say behind their disguises: look-alikes, invisible characters, numbers as letters."""
