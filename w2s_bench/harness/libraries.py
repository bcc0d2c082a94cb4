"""What the first text model of a process imports: the server of worker processes does so once for all."""

import accelerate  # noqa: F401
import transformers.models.auto.modeling_auto
import transformers.models.llama.modeling_llama  # noqa: F401
