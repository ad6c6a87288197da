using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Losslessness;

namespace Orchestrator.Domain.Tests.Evaluation.Losslessness;

/// <summary>What a job runs for each of its methods before it ranks their speed.</summary>
public sealed class MethodCertificateTests
{
    private const string Methods = """
        { "kind": "evaluation", "target": "t", "prompts": { "path": "p" }, "methods": [
          { "type": "draft-model", "draft": "d", "gamma": 4 },
          { "type": "draft-model", "draft": "d", "gamma": 8, "draw": "greedy", "adaptive": true },
          { "type": "draft-tree", "draft": "d", "branching": [3, 2, 1], "verifier": ["sequoia", "specinfer"] },
          { "type": "draft-tree", "draft": "d", "tree": "searched", "verifier": ["sequoia", "specinfer"] },
          { "type": "medusa", "heads": "m", "tree": ["default", "measured"] },
          { "type": "eagle", "head": "e", "tree": ["dynamic", "static", "chain"] },
          { "type": "mtp", "module": "p", "depth": 3 },
          { "type": "prompt-lookup", "ngram": 3, "gamma": 8, "rule": ["hugging-face", "earliest", "newest"] },
          { "type": "retrieval", "datastore": "r", "gamma": 8 },
          { "type": "early-exit", "layer": 2, "gamma": 4, "stopBelow": 0.4 },
          { "type": "lookahead", "window": 5, "ngram": 4 },
          { "type": "jacobi", "gamma": 5 } ] }
        """;

    public static TheoryData<string> Names => [.. EvaluationParser.ParseCanonical(Methods).Methods.Select(m => m.ToJson().ToJsonString())];

    [Theory]
    [MemberData(nameof(Names))]
    public void Run_EveryMethodOfADocument_IsGreen(string json)
    {
        var method = EvaluationParser.ParseCanonical(Methods).Methods.Single(m => m.ToJson().ToJsonString() == json);
        var outcome = MethodCertificate.Run(method, seeds: 1);
        Assert.True(outcome.IsGreen, $"total variation {outcome.TotalVariation}");
        Assert.True(outcome.Outcomes > 8);
    }

    [Fact]
    public void Names_CoverEveryMethodThereIs() =>
        Assert.Equal(MethodCatalog.ByType.Keys.Order(), EvaluationParser.ParseCanonical(Methods).Methods.Select(m => m.Type).Distinct().Order());

    [Fact]
    public void Run_TypicalAcceptance_IsFarFromTheTarget()
    {
        var outcome = MethodCertificate.Run(new MedusaOptions("m", "default", 63, "typical", 0.09, 0.3), seeds: 1);
        Assert.True(outcome.TotalVariation > 0.1);
    }
}
