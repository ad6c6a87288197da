using Orchestrator.Inference.Sessions;
using Orchestrator.Inference.Text;

namespace Orchestrator.Worker.Evaluation;

/// <summary>
/// Puts a conversation into a model's words: <c>prompt_template</c>, <c>next_turn_template</c> (both with <c>{prompt}</c>) and
/// <c>answer_end</c> of its manifest. Without them the prompt stands alone, and turns are parted by line breaks.
/// </summary>
public sealed class ChatPrompt
{
    private const string Slot = "{prompt}";
    private readonly ByteLevelTokenizer tokenizer;
    private readonly string first;
    private readonly string next;
    private readonly List<int> answerEnd;

    /// <summary>Of a model folder.</summary>
    /// <exception cref="Inference.ModelContractException">A template has no slot for the prompt.</exception>
    public ChatPrompt(ModelFolder folder, ByteLevelTokenizer tokenizer)
    {
        this.tokenizer = tokenizer;
        first = Template(folder, "prompt_template", Slot);
        next = Template(folder, "next_turn_template", $"\n{Slot}\n");
        answerEnd = folder.Manifest.Text("answer_end") is { } end ? tokenizer.Encode(end) : tokenizer.EndId is { } id ? [id] : [];
    }

    /// <summary>Ids of a turn, to be appended to what was said before.</summary>
    /// <param name="before">The conversation so far, the last answer included; empty for the first turn.</param>
    /// <param name="turn">What the user says.</param>
    public int[] Append(ReadOnlySpan<int> before, string turn)
    {
        List<int> ids = [.. before];
        if (before.IsEmpty)
        {
            ids.AddRange(tokenizer.Encode(first.Replace(Slot, turn, StringComparison.Ordinal)));
            if (tokenizer.BeginId is { } begin && (ids.Count == 0 || ids[0] != begin))
            {
                ids.Insert(0, begin);
            }

            return [.. ids];
        }

        // An answer that was cut at the limit has no end; the next turn needs one.
        if (answerEnd.Count > 0 && ids[^1] != answerEnd[^1])
        {
            ids.AddRange(answerEnd);
        }

        ids.AddRange(tokenizer.Encode(next.Replace(Slot, turn, StringComparison.Ordinal)));
        return [.. ids];
    }

    private static string Template(ModelFolder folder, string field, string fallback)
    {
        var template = folder.Manifest.Text(field) ?? fallback;
        return template.Contains(Slot, StringComparison.Ordinal)
            ? template
            : throw new Inference.ModelContractException(
                folder.PathOf(ModelManifest.FileName), field, $"a text with {Slot}", template, "Write the place of the prompt into it");
    }
}
