"""The commands that need no cluster: the operator's stages on files."""
