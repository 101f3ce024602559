"""What each stage of a run does. `tasks.core` says how, `flows` says when."""
