using System.Text.Json;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Statistics;
using Orchestrator.Inference.Language;
using Orchestrator.Inference.Sessions;
using Orchestrator.Worker.Evaluation;

namespace Orchestrator.Worker.Tests.Evaluation;

/// <summary>
/// Draft-chain and Medusa greedy decoding against plain PyTorch on the same weights (<c>Vectors/make_decoding.py</c>): the same
/// prompt ids, output ids and accepted tokens of every round.
/// </summary>
public sealed class DecodingOracleTests : IDisposable
{
    private readonly LanguageShelf shelf = new(new ModelCatalog([RepositoryFolder.PathOf("samples", "models")]), new InferenceOptions { IntraOpThreads = 1 });
    private readonly JsonElement vectors = JsonElement.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Evaluation", "Vectors", "decoding.json")));

    [Theory]
    [InlineData("chain")]
    [InlineData("medusa")]
    public void Greedy_TokensAndAcceptLengths_ArePyTorchs(string name)
    {
        MethodOptions method = name == "chain"
            ? new DraftModelOptions("lm-draft-demo", new ChainFields(vectors.GetProperty("gamma").GetInt32(), false), "sample", 0)
            : new MedusaOptions("medusa-demo", "measured", vectors.GetProperty("nodes").GetInt32(), "exact", 0.09, 0.3);
        var prompts = vectors.GetProperty("prompts").EnumerateArray().ToList();
        Assert.True(prompts.Count >= 6);
        foreach (var expected in prompts)
        {
            using var models = new RequestModels("lm-demo", shelf);
            using var target = new CausalSequence(shelf.Decoder("lm-demo"), RequestModels.HiddenOf(method, shelf));
            var drafter = MethodFactory.Drafter(method, models, SamplingOptions.Greedy);
            var decoder = new SpeculativeDecoder(
                target, drafter, MethodFactory.Verifier(method, drafter, SamplingOptions.Greedy), SamplingOptions.Greedy,
                new DecodeLimits(vectors.GetProperty("newTokens").GetInt32(), models.EndTokens), new SeededChance(new SeededStream(1)), TimeProvider.System);
            decoder.Run(Ids(expected, "prompt"), TestContext.Current.CancellationToken);
            Assert.Equal(Ids(expected, "output"), decoder.Text.Output);
            Assert.Equal(Ids(expected, name), decoder.Steps.Select(step => step.Accepted));
        }
    }

    /// <summary>The prompts' ids, made by the models' own Python tokenizer, are those of the product.</summary>
    [Fact]
    public void Prompts_HaveTheSameIds()
    {
        var chat = new ChatPrompt(shelf.Folder("lm-demo"), shelf.Tokenizer("lm-demo"));
        var questions = File.ReadLines(RepositoryFolder.PathOf("samples", "language", "question.jsonl"))
            .Select(line => JsonElement.Parse(line)).ToDictionary(q => q.GetProperty("question_id").ToString(), q => q.GetProperty("turns")[0].GetString()!);
        Assert.All(vectors.GetProperty("prompts").EnumerateArray(), p => Assert.Equal(Ids(p, "prompt"), chat.Append([], questions[p.GetProperty("question").GetString()!])));
    }

    public void Dispose() => shelf.Dispose();

    private static int[] Ids(JsonElement row, string name) => row.GetProperty(name).Deserialize<int[]>()!;
}
