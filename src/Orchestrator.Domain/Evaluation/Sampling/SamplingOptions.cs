namespace Orchestrator.Domain.Evaluation.Sampling;

/// <summary>How logits become the law that tokens are drawn from; the same for target and draft.</summary>
/// <param name="Temperature">0 (argmax) to 100. Default 1.</param>
/// <param name="TopK">Most likely tokens kept; 0 keeps all.</param>
/// <param name="TopP">The smallest set of most likely tokens with this much probability is kept; in (0, 1], 1 keeps all.</param>
/// <param name="RepetitionPenalty">Divides positive and multiplies negative logits of tokens that occurred (CTRL, Keskar et al. 2019); 1 changes nothing.</param>
public sealed record SamplingOptions(double Temperature = 1, int TopK = 0, double TopP = 1, double RepetitionPenalty = 1)
{
    /// <summary>Argmax decoding without penalty.</summary>
    public static SamplingOptions Greedy { get; } = new(Temperature: 0);

    /// <summary>True where one token has all the probability.</summary>
    public bool IsGreedy => Temperature == 0;
}
