namespace Orchestrator.Samples.TextGenerator.Tasks;

/// <summary>The six kinds of task of Spec-Bench (Xia et al. 2024, section 4.1), in the order of its question file.</summary>
internal static class TaskCatalog
{
    /// <summary>Share: part of the training text, percent; kinds that are harder to learn have more.</summary>
    public static readonly IReadOnlyList<(string Name, int Share, IReadOnlyList<Func<SeededStream, Conversation>> Draws)> Kinds =
    [
        ("multi-turn", 22,
        [
            WritingTask.Draw, RoleplayTask.Draw, ReasoningTask.Draw, MathTalkTask.Draw,
            CodingTask.Draw, ExtractionTask.Draw, StemTask.Draw, HumanitiesTask.Draw,
        ]),
        ("translation", 26, [TranslationTask.Draw]),
        ("summarization", 12, [SummarizationTask.Draw]),
        ("qa", 10, [QuestionAnsweringTask.Draw]),
        ("math_reasoning", 18, [MathReasoningTask.Draw]),
        ("rag", 12, [RetrievalTask.Draw]),
    ];

    public static Conversation Draw(SeededStream stream)
    {
        var left = stream.Next(100);
        var kind = 0;
        while (left >= Kinds[kind].Share)
        {
            left -= Kinds[kind++].Share;
        }

        return stream.Pick(Kinds[kind].Draws)(stream);
    }
}
