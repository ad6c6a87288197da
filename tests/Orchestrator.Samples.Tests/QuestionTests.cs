using Orchestrator.Samples.TextGenerator;

namespace Orchestrator.Samples.Tests;

public sealed class QuestionTests
{
    private static readonly string[] TwoTurn = ["writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities"];
    private static readonly string[] OneTurn = ["translation", "summarization", "qa", "math_reasoning", "rag"];

    private static string Tracked => Path.Combine(AppContext.BaseDirectory, "question.jsonl");

    [Fact]
    public async Task TrackedFile_IsWhatTheToolWrites()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "question.jsonl");
        await QuestionWriter.WriteAsync(path, 40, 3003);
        Assert.Equal(await File.ReadAllTextAsync(Tracked), await File.ReadAllTextAsync(path));
    }

    [Fact]
    public void Questions_AreHeldOutAndDifferent()
    {
        var questions = WrittenText.Read(Tracked, "reference");
        Assert.All(questions, q => Assert.True(HeldOut.Contains(q.Turns)));
        Assert.Equal(questions.Length, questions.Select(q => string.Join('\n', q.Turns)).Distinct().Count());
    }

    [Fact]
    public void Questions_AreFortyOfEachKind()
    {
        var questions = WrittenText.Read(Tracked, "reference");
        var counts = questions.CountBy(q => q.Category).ToDictionary();
        Assert.Equal(240, questions.Length);
        Assert.All(TwoTurn, category => Assert.Equal(5, counts[category]));
        Assert.All(OneTurn, category => Assert.Equal(40, counts[category]));
        Assert.All(questions, q => Assert.Equal(TwoTurn.Contains(q.Category) ? 2 : 1, q.Turns.Length));
        Assert.All(questions, q => Assert.Equal(q.Turns.Length, q.Answers.Length));
    }

    [Fact]
    public async Task MoreQuestionsThanThereAre_AreRefused()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "question.jsonl");
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => QuestionWriter.WriteAsync(path, 5_000, 1));
        Assert.Contains("ask for fewer", refused.Message, StringComparison.Ordinal);
    }
}
