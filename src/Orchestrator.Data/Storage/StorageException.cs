namespace Orchestrator.Data.Storage;

/// <summary>Storage did not answer, or answered that it cannot now. Another attempt may succeed. The message has the remedy.</summary>
public sealed class StorageException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>Storage refuses, and will again: a wrong key, no such bucket, an object that is not the one it was. The message has the remedy.</summary>
public sealed class StorageRefusedException(string message, Exception? inner = null) : Exception(message, inner);
