"""Provider clients: OpenAI, Ollama, llama.cpp, AutoGen, and OpenAI's batches."""
