"""The nouns of the engine: frozen values without I/O, clock or async."""
