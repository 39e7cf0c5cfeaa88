"""The data model: frozen dataclasses, standard library only."""
