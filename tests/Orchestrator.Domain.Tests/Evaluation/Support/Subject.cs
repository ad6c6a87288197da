using System.Collections.Concurrent;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Domain.Statistics;

namespace Orchestrator.Domain.Tests.Evaluation.Support;

/// <summary>A method on scripted models: the real decoder with a drafter and a verifier, right or wrong.</summary>
internal sealed record Subject(string Name, Func<ScriptedModel, IDrafter> Drafter, IVerifier Verifier, int Depth)
{
    private static readonly ConcurrentDictionary<(Subject, SamplingOptions, ulong), Lazy<(SequenceLaw Target, SequenceLaw Process)>> Known = new();
    private static readonly int[] Prompt = [1, 0, 2, 1];

    /// <summary>Vocabulary of the models; 5 to 8.</summary>
    public int Vocabulary { get; init; } = 5;

    /// <summary>Models tried; fewer where enumeration is slow.</summary>
    public int Seeds { get; init; } = 10;

    /// <summary>The target's sequence; a control may forget rows.</summary>
    public Func<ScriptedModel, ScriptedSequence> Sequence { get; init; } = model => new ScriptedSequence(model);

    /// <summary>End tokens of the target's law.</summary>
    public IReadOnlySet<int> EndTokens { get; init; } = new HashSet<int>();

    /// <summary>End tokens that the decoder knows; a control forgets them.</summary>
    public IReadOnlySet<int>? DecoderEndTokens { get; init; }

    /// <summary>The prefill's token, then γ + 2 more.</summary>
    public int Length => Depth + 3;

    /// <summary>The exact certificate.</summary>
    public ExactOutcome Certify(SamplingOptions sampling, ulong seed)
    {
        var (law, process) = Laws(sampling, seed);
        return ExactCertificate.Compare(law, process, Length);
    }

    /// <summary>The target's joint law and the method's.</summary>
    public (SequenceLaw Target, SequenceLaw Process) Laws(SamplingOptions sampling, ulong seed) => Known.GetOrAdd((this, sampling, seed), _ => new(() =>
    {
        var (target, draft) = Models(seed);
        return (TargetLaw(sampling, target), ExactCertificate.LawOf(chance => Open(sampling, target, draft, chance), Length));
    })).Value;

    /// <summary>Joint law of the target.</summary>
    public SequenceLaw TargetLaw(SamplingOptions sampling, ScriptedModel target) =>
        ExactCertificate.LawOfTarget(output => target.Law([.. Prompt, .. output], sampling), Length, EndTokens);

    /// <summary>Outputs of independent seeds.</summary>
    public IEnumerable<IReadOnlyList<int>> Sample(SamplingOptions sampling, ulong seed, int count)
    {
        var (target, draft) = Models(seed);
        for (var i = 0; i < count; i++)
        {
            var process = Open(sampling, target, draft, new SeededChance(SeededStream.For((long)seed, Name, $"sample-{i}")));
            while (process.Output.Count < Length && !process.HasEnded)
            {
                process.Advance();
            }

            yield return process.Output;
        }
    }

    /// <summary>Target and draft of a seed.</summary>
    public (ScriptedModel Target, ScriptedModel Draft) Models(ulong seed)
    {
        var target = new ScriptedModel(Vocabulary, (2 * seed) + 1);
        return (target, new ScriptedModel(Vocabulary, (2 * seed) + 2, 1.5, target));
    }

    /// <summary>The process.</summary>
    public IDecodeProcess Open(SamplingOptions sampling, ScriptedModel target, ScriptedModel draft, IChance chance)
    {
        var sequence = Sequence(target);
        var decoder = new SpeculativeDecoder(
            sequence, Drafter(draft), Verifier, sampling, new DecodeLimits(100, DecoderEndTokens ?? EndTokens), chance, TimeProvider.System);
        return new DecoderProcess(decoder, Prompt, () => string.Join(' ', sequence.Rows));
    }
}
