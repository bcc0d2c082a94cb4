"""The text family: corpus of the generated world without any task's item, pretraining, cards."""
