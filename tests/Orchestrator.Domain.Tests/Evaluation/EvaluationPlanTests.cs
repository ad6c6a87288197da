using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Documents;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Domain.Tests.Evaluation;

public sealed class EvaluationPlanTests
{
    private const string Methods = """[ { "type": "prompt-lookup", "ngram": 3, "gamma": 4 }, { "type": "jacobi", "gamma": 2 } ]""";

    [Theory]
    [InlineData("""[ { "temperature": 0 }, { "temperature": 0.7 }, { "temperature": 1.2 } ]""", "pinned", 400, "acceptance:27 losslessness:4 speed:7 report:1")]
    [InlineData("""[ { "temperature": 0.7 } ]""", "off", 150, "acceptance:9 losslessness:2 report:1")]
    [InlineData("""[ { "temperature": 0.7 } ]""", "pinned", 0, "acceptance:9 speed:3 report:1")]
    [InlineData("""[ { "temperature": 0 } ]""", "pinned", 400, "acceptance:9 speed:3 report:1")]
    public void Phases_FollowTheDocument(string sampling, string speed, int draws, string expected)
    {
        const int Prompts = 40;
        var json = $$"""
            { "kind": "evaluation", "target": "t", "prompts": { "path": "p" }, "methods": {{Methods}}, "sampling": {{sampling}},
              "losslessness": { "draws": {{draws}} }, "lanes": { "speed": "{{speed}}" } }
            """;
        var document = EvaluationParser.ParseCanonical(json);
        var finished = new List<PhaseSummary>();
        var phases = new List<string>();
        PhaseStep step = new PhaseStep.Start(EvaluationPlan.FirstPhase(document), EvaluationPlan.FirstShards(document, Prompts));
        while (step is PhaseStep.Start start)
        {
            phases.Add($"{start.Phase}:{start.Shards.Count}");
            var prompts = start.Phase == EvaluationPlan.Acceptance ? Prompts * document.Cells.Count : 0;
            finished.Add(new(start.Phase, start.Shards.Count, start.Shards.Count, 0, 0, new Dictionary<string, long> { [EvaluationPlan.PromptsTally] = prompts }));
            Assert.Contains(start.Phase, new EvaluationPlan().Phases);
            Assert.All(start.Shards.Where(_ => start.Phase == EvaluationPlan.Speed), shard => Assert.Equal(Prompts, CellSlice.Parse(shard.Payload).Count));
            step = new EvaluationPlan().Next(json, finished);
        }

        Assert.Equal(expected, string.Join(' ', phases));
        Assert.Equal(JobState.Succeeded, ((PhaseStep.End)step).State);
    }

    /// <summary>The certificate looks γ + 2 tokens beyond the prefill's first, of the method that drafts furthest, up to a limit.</summary>
    [Theory]
    [InlineData(4, 7)]
    [InlineData(1, 5)]
    [InlineData(30, 12)]
    public void Draws_AreLongEnoughForABonus(int gamma, int tokens) => Assert.Equal(tokens, EvaluationPlan.TokensOfDraws(EvaluationParser.ParseCanonical($$"""
        { "kind": "evaluation", "target": "t", "prompts": { "path": "p" }, "methods": [ { "type": "jacobi", "gamma": {{gamma}} }, { "type": "mtp", "module": "m", "depth": 2 } ] }
        """)));
}
