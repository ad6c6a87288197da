using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Losslessness;

/// <summary>
/// The exact certificate of a document's method: its own drafter and verifier code on scripted models, at settings where errors
/// show. Sizes are cut to what can be enumerated (two levels, six nodes); the code that runs is the same for every size.
/// </summary>
public static class MethodCertificate
{
    private const int Vocabulary = 5;
    private const int MaxDepth = 2;
    private const int MaxNodes = 6;
    private static readonly int[] Prompt = [1, 0, 2, 1, 0];
    private static readonly HashSet<int> EndTokens = [4];
    private static readonly SamplingOptions[] Settings = [new(0.7, TopK: 3), new(1.4, TopK: 3, TopP: 0.9), new(0.8, TopK: 2, RepetitionPenalty: 1.3)];

    /// <summary>Certifies a method.</summary>
    /// <param name="method">As in the document.</param>
    /// <param name="seeds">Random models a setting, from 1.</param>
    /// <returns>The worst outcome over settings and seeds.</returns>
    public static ExactOutcome Run(MethodOptions method, int seeds = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seeds, 1);
        var small = Reduced(method);
        // An MTP module may be sequential or parallel; the document does not say which.
        bool[] kinds = method is MtpOptions ? [true, false] : [true];
        return (from hasHeads in kinds from sampling in Settings from seed in Enumerable.Range(0, seeds) select Certify(small, hasHeads, sampling, (ulong)seed))
            .MaxBy(outcome => outcome.TotalVariation)!;
    }

    /// <summary>The method at a size that can be enumerated.</summary>
    internal static MethodOptions Reduced(MethodOptions method) => method switch
    {
        DraftModelOptions m => m with { Chain = Reduced(m.Chain) },
        DraftTreeOptions m => m with { Branching = m.Branching is null ? null : m.Branching.Count == 1 ? [Math.Min(3, m.Branching[0])] : [Math.Min(2, m.Branching[0]), 1], Depth = Math.Min(MaxDepth, m.Depth) },
        MedusaOptions m => m with { Nodes = Math.Min(MaxNodes, m.Nodes) },
        EagleOptions m => m with { Depth = Math.Min(MaxDepth, m.Depth), TopK = Math.Min(3, m.TopK), Nodes = Math.Min(MaxNodes + 1, m.Nodes) },
        MtpOptions m => m with { Depth = Math.Min(MaxDepth, m.Depth) },
        PromptLookupOptions m => m with { Chain = Reduced(m.Chain) },
        RetrievalMethodOptions m => m with { Retrieval = m.Retrieval with { Gamma = Math.Min(MaxDepth, m.Retrieval.Gamma), Nodes = Math.Min(MaxNodes, m.Retrieval.Nodes), MinSpan = 1 } },
        EarlyExitOptions m => m with { Chain = Reduced(m.Chain) },
        LookaheadOptions m => m with { Window = Math.Min(3, m.Window), Ngram = Math.Min(3, m.Ngram), Candidates = Math.Min(2, m.Candidates) },
        JacobiOptions m => m with { Gamma = Math.Min(MaxDepth, m.Gamma) },
        _ => method,
    };

    private static ChainFields Reduced(ChainFields chain) => chain with { Gamma = Math.Min(MaxDepth, chain.Gamma) };

    private static ExactOutcome Certify(MethodOptions method, bool hasHeads, SamplingOptions sampling, ulong seed)
    {
        // The prefill's token, then γ + 2 of the rounds'.
        const int Length = MaxDepth + 3;
        var target = new ScriptedModel(Vocabulary, (2 * seed) + 1);
        var draft = new ScriptedModel(Vocabulary, (2 * seed) + 2, 1.5, target);
        var law = ExactCertificate.LawOfTarget(output => target.Law([.. Prompt, .. output], sampling), Length, EndTokens);
        var process = ExactCertificate.LawOf(
            chance =>
            {
                var drafter = MethodFactory.Drafter(method, new ScriptedMethodModels(draft, hasHeads), sampling);
                var sequence = new ScriptedSequence(target);
                var decoder = new SpeculativeDecoder(
                    sequence, drafter, MethodFactory.Verifier(method, drafter, sampling), sampling, new DecodeLimits(100, EndTokens), chance, Still.Clock);
                return new Remembering(new DecoderProcess(decoder, Prompt, () => string.Join(' ', sequence.Rows)));
            },
            Length);
        return ExactCertificate.Compare(law, process, Length);
    }

    /// <summary>Drafters may learn from every round, so branches are merged only where all rounds gave the same.</summary>
    private sealed class Remembering(IDecodeProcess process) : IDecodeProcess
    {
        private string history = "";

        public string StateKey => $"{string.Join(' ', Output)}|{history}";

        public IReadOnlyList<int> Output => process.Output;

        public bool HasEnded => process.HasEnded;

        public void Advance()
        {
            process.Advance();
            history += process.StateKey + ";";
        }
    }

    private sealed class ScriptedMethodModels(ScriptedModel draft, bool hasHeads) : IMethodModels
    {
        private static readonly SuffixArray Store = SuffixArray.Build([[1, 0, 2, 1, 1, 3, 0, 2, 0, 1, 2, 1, 0], [2, 1, 3, 3, 1, 0, 2, 0], [0, 0, 1, 1, 2, 2, 3, 3]]);

        public IReadOnlySet<int> EndTokens => MethodCertificate.EndTokens;

        public IDraftNetwork Network(MethodOptions method) => new ScriptedDraft(draft);

        public IDraftHeads? Heads(MethodOptions method) => hasHeads ? new ScriptedHeads(draft, MaxDepth) : null;

        public SuffixArray Datastore(RetrievalMethodOptions method) => Store;

        public TreeShape MeasuredTree(MethodOptions method) => new([[0], [1], [0, 0]]);
    }

    /// <summary>A clock that stands: enumeration measures nothing.</summary>
    private sealed class Still : TimeProvider
    {
        public static Still Clock { get; } = new();

        public override long GetTimestamp() => 0;
    }
}
