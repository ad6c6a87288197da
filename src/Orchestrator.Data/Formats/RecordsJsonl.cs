using System.Globalization;
using System.Text.Json;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Decoding;

namespace Orchestrator.Data.Formats;

/// <summary>Recorded generations, one JSON object a line: <see cref="RecordedRequest"/> with its fields in camel case; the numbers come back bit by bit.</summary>
public static class RecordsJsonl
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true };

    /// <summary>Writes one line.</summary>
    public static void Write(Stream output, RecordedRequest request)
    {
        JsonSerializer.Serialize(output, request, Options);
        output.WriteByte((byte)'\n');
    }

    /// <summary>Reads a record as prompts: those of generations at temperature 0, with their turns.</summary>
    /// <param name="path">The file.</param>
    /// <param name="wanted">Limit and categories.</param>
    /// <returns>The prompts in the file's order, and all recorded generations of each; or what is wrong, with line and remedy.</returns>
    public static Checked<RecordedPrompts> Read(string path, EvaluationPromptsQuery wanted)
    {
        var requests = new Dictionary<string, List<RecordedRequest>>(StringComparer.Ordinal);
        var prompts = new List<EvaluationPrompt>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            RecordedRequest? request;
            try
            {
                request = JsonSerializer.Deserialize<RecordedRequest>(line, Options);
            }
            catch (JsonException e)
            {
                return Fault($"is no recorded generation: {e.Message}");
            }

            if (request is null || request.Output.Count < request.OutputTokens || request.OutputTokens < 1)
            {
                return Fault("is cut short.");
            }

            if (request.Temperature != 0)
            {
                return Fault($"was recorded at temperature {request.Temperature.ToString(CultureInfo.InvariantCulture)}.");
            }

            if (wanted.Categories.Count > 0 && !wanted.Categories.Contains(request.Category))
            {
                continue;
            }

            if (!requests.TryGetValue(request.Prompt, out var turns))
            {
                requests.Add(request.Prompt, turns = []);
                prompts.Add(new EvaluationPrompt(request.Prompt, request.Category, [""]));
            }

            turns.Add(request);
        }

        return prompts.Count == 0
            ? new DataFault(path, null, "has no recorded generation of the categories asked for.", "Give records/<cell>.jsonl of an evaluation with record: true.")
            : new RecordedPrompts(
                PromptsJsonl.Limited(prompts, wanted.Limit), requests.ToDictionary(r => r.Key, r => (IReadOnlyList<RecordedRequest>)r.Value, StringComparer.Ordinal));

        DataFault Fault(string what) => new(
            string.Create(CultureInfo.InvariantCulture, $"{path}, line {number}"), null, what,
            "Give the records/<cell>.jsonl of a baseline at temperature 0, from an evaluation with record: true.");
    }
}

/// <summary>A record by prompts.</summary>
/// <param name="Prompts">Prompts in the file's order; their turns are in <paramref name="Requests"/>.</param>
/// <param name="Requests">Recorded generations by prompt.</param>
public sealed record RecordedPrompts(IReadOnlyList<EvaluationPrompt> Prompts, IReadOnlyDictionary<string, IReadOnlyList<RecordedRequest>> Requests);
