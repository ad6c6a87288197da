using Orchestrator.Domain.Evaluation.Decoding;

namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>
/// A decoding process under the exact certificate. <see cref="DecoderProcess"/> wraps the real decoder; a worker wraps
/// nothing else. Opened anew for every branch, it must behave the same on the same draws.
/// </summary>
public interface IDecodeProcess
{
    /// <summary>Everything that may influence later steps, as text: branches with equal keys are merged. The output must be part of it.</summary>
    string StateKey { get; }

    /// <summary>Output so far.</summary>
    IReadOnlyList<int> Output { get; }

    /// <summary>True where nothing more will come.</summary>
    bool HasEnded { get; }

    /// <summary>Prefill at the first call, a round at each later one.</summary>
    void Advance();
}

/// <summary>The real decoder as a process.</summary>
/// <param name="decoder">Not started.</param>
/// <param name="prompt">Prompt, at least one token.</param>
/// <param name="hiddenState">State beyond the output that later steps depend on (cache contents, adaptive γ); null where there is none.</param>
public sealed class DecoderProcess(SpeculativeDecoder decoder, int[] prompt, Func<string>? hiddenState = null) : IDecodeProcess
{
    private bool started;

    /// <inheritdoc />
    public string StateKey => $"{string.Join(' ', Output)}|{hiddenState?.Invoke()}";

    /// <inheritdoc />
    public IReadOnlyList<int> Output => [.. decoder.Text.Output];

    /// <inheritdoc />
    public bool HasEnded => decoder.End != DecodeEnd.None;

    /// <inheritdoc />
    public void Advance()
    {
        if (started)
        {
            decoder.Step();
        }
        else
        {
            decoder.Start(prompt);
            started = true;
        }
    }
}
