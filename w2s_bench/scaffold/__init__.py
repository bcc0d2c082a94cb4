"""Starting files for authors of methods and tasks, and the contract checks in words."""
