"""A saved notebook with its videos, as a folder or a page that can be handed on."""
