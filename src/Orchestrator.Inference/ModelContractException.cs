namespace Orchestrator.Inference;

/// <summary>
/// A model folder or graph does not hold what its kind needs. The message names the file, the field or tensor, what was
/// expected, what was found, and the remedy where there is one.
/// </summary>
public sealed class ModelContractException : Exception
{
    /// <param name="file">File or folder at fault.</param>
    /// <param name="field">JSON field, tensor name or "file".</param>
    /// <param name="expected">What the kind needs.</param>
    /// <param name="found">What there is.</param>
    /// <param name="remedy">What to do; may be null.</param>
    /// <param name="inner">Cause, when another library reported it.</param>
    public ModelContractException(string file, string field, string expected, string found, string? remedy = null, Exception? inner = null)
        : base($"{file}: {field}: expected {expected}, found {found}{(remedy is null ? "" : $". {remedy}")}", inner) =>
        (File, Field, Expected, Found) = (file, field, expected, found);

    /// <summary>File or folder at fault.</summary>
    public string File { get; }

    /// <summary>JSON field, tensor name or "file".</summary>
    public string Field { get; }

    /// <summary>What the kind needs.</summary>
    public string Expected { get; }

    /// <summary>What there is.</summary>
    public string Found { get; }
}
