using System.Globalization;
using System.Text;
using System.Text.Json;
using Orchestrator.Domain.Evaluation;

namespace Orchestrator.Data.Formats;

/// <summary>
/// Prompts, one JSON object a line: Spec-Bench's <c>question.jsonl</c> (<c>question_id</c>, <c>category</c>, <c>turns</c>) or
/// plain ones (<c>prompt</c>, <c>category</c>). Other fields are left alone.
/// </summary>
public static class PromptsJsonl
{
    /// <summary>Largest file read, in bytes.</summary>
    public const long MaxBytes = 256L << 20;

    /// <summary>Reads the prompts that a document asks for, in the file's order.</summary>
    /// <param name="path">The file.</param>
    /// <param name="wanted">Format, limit and categories.</param>
    /// <returns>At least one prompt, or what is wrong with the file: its line, the field and the remedy.</returns>
    public static Checked<IReadOnlyList<EvaluationPrompt>> Read(string path, EvaluationPromptsQuery wanted)
    {
        if (new FileInfo(path).Length > MaxBytes)
        {
            return new DataFault(path, null, $"has more than {MaxBytes >> 20} MiB.", "Split it, or give a file of prompts.");
        }

        var prompts = new List<EvaluationPrompt>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var line in File.ReadLines(path, Encoding.UTF8))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            var parsed = Parse(line, wanted.SpecBench, number);
            if (parsed.Problem is { } problem)
            {
                return new DataFault(
                    string.Create(CultureInfo.InvariantCulture, $"{path}, line {number}"),
                    null,
                    problem,
                    wanted.SpecBench ? "Spec-Bench lines are {\"question_id\": 1, \"category\": \"qa\", \"turns\": [\"...\"]}." : "Lines are {\"prompt\": \"...\", \"category\": \"...\"}.");
            }

            if (!ids.Add(parsed.Prompt!.Id))
            {
                return new DataFault(string.Create(CultureInfo.InvariantCulture, $"{path}, line {number}"), null, $"question_id {parsed.Prompt.Id} occurs twice.", "Give each question an id of its own.");
            }

            if (wanted.Categories.Count == 0 || wanted.Categories.Contains(parsed.Prompt.Category))
            {
                prompts.Add(parsed.Prompt);
            }
        }

        return prompts.Count == 0
            ? new DataFault(path, null, wanted.Categories.Count == 0 ? "has no prompts." : $"has no prompt of {string.Join(", ", wanted.Categories)}.", "Give a file with prompts, or other categories.")
            : Limited(prompts, wanted.Limit);
    }

    /// <summary>The first <paramref name="limit"/> of each kind in turn, so that a limit leaves every category its share; in the file's order.</summary>
    internal static List<EvaluationPrompt> Limited(List<EvaluationPrompt> prompts, int? limit)
    {
        if (limit is not { } most || most >= prompts.Count)
        {
            return prompts;
        }

        var place = new Dictionary<string, int>(StringComparer.Ordinal);
        return
        [
            .. prompts.Select((prompt, index) => (prompt, index, rank: place[prompt.Category] = place.GetValueOrDefault(prompt.Category, -1) + 1))
                .OrderBy(p => p.rank).ThenBy(p => p.index).Take(most).OrderBy(p => p.index).Select(p => p.prompt),
        ];
    }

    private static (EvaluationPrompt? Prompt, string? Problem) Parse(string line, bool specBench, int number)
    {
        JsonElement root;
        try
        {
            root = JsonElement.Parse(line);
        }
        catch (JsonException e)
        {
            return (null, $"is no JSON: {e.Message}");
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            return (null, "is no JSON object.");
        }

        var category = root.TryGetProperty("category", out var named) && named.ValueKind == JsonValueKind.String ? named.GetString()! : null;
        if (!specBench)
        {
            return root.TryGetProperty("prompt", out var prompt) && prompt.ValueKind == JsonValueKind.String
                ? (new(number.ToString(CultureInfo.InvariantCulture), category ?? "all", [prompt.GetString()!]), null)
                : (null, "prompt is not a string.");
        }

        if (!root.TryGetProperty("question_id", out var id) || id.ValueKind is not (JsonValueKind.Number or JsonValueKind.String))
        {
            return (null, "question_id is not a number.");
        }

        if (category is null)
        {
            return (null, "category is not a string.");
        }

        return root.TryGetProperty("turns", out var turns) && turns.ValueKind == JsonValueKind.Array && turns.GetArrayLength() > 0
            && turns.EnumerateArray().All(turn => turn.ValueKind == JsonValueKind.String)
            ? (new(id.ToString(), category, [.. turns.EnumerateArray().Select(turn => turn.GetString()!)]), null)
            : (null, "turns is not a list of strings.");
    }
}

/// <summary>Which prompts of a file are wanted.</summary>
/// <param name="SpecBench">The file is a <c>question.jsonl</c>.</param>
/// <param name="Limit">Prompts at most; null for all. Categories share it evenly.</param>
/// <param name="Categories">Only these; empty for all.</param>
public sealed record EvaluationPromptsQuery(bool SpecBench, int? Limit, IReadOnlyList<string> Categories);
