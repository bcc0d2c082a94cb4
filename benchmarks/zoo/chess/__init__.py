"""The chess family: corpus without any task's position, pretraining, cards."""
