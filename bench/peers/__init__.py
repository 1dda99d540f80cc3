"""Ramet and its peers on the same files, with the same settings: see README.md in this folder."""
