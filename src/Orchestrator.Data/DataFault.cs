namespace Orchestrator.Data;

/// <summary>Why a file, a name or a value was refused: what was looked at, which field asked for it, what is wrong, and what to do.</summary>
/// <param name="Subject">The path or name as the user wrote it, never empty.</param>
/// <param name="Field">Field of the document or setting that named it, e.g. <c>input.shards[0]</c>; null when there is none.</param>
/// <param name="Problem">One sentence: what is wrong.</param>
/// <param name="Remedy">One sentence: what the user can do.</param>
public sealed record DataFault(string Subject, string? Field, string Problem, string Remedy)
{
    /// <summary>One line fit for a log or a problem document.</summary>
    public override string ToString() =>
        Field is null ? $"{Subject}: {Problem} {Remedy}" : $"{Field}: {Subject}: {Problem} {Remedy}";
}

/// <summary>Either a value or the reason there is none. Never both.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
public readonly struct Checked<T>
{
    private readonly T? _value;

    private Checked(T? value, DataFault? fault)
    {
        _value = value;
        Fault = fault;
    }

    /// <summary>The reason; null on success.</summary>
    public DataFault? Fault { get; }

    /// <summary>True when there is a value.</summary>
    public bool Ok => Fault is null;

    /// <summary>The value. Reading it from a refusal is a bug in the caller and throws.</summary>
    public T Value => Fault is null ? _value! : throw new InvalidOperationException(Fault.ToString());

    public static implicit operator Checked<T>(T value) => new(value, null);

    public static implicit operator Checked<T>(DataFault fault) => new(default, fault);
}
