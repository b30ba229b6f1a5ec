"""The commands: one module for each, which has it as ``command``."""
