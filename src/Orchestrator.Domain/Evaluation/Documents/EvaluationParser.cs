using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Documents;

/// <summary>Reads and writes evaluation documents. Every mistake is reported at once, each with its JSON path.</summary>
public static class EvaluationParser
{
    private const int MaxItems = 64;
    private const int MaxCells = 1024;
    private const int DefaultDraws = 400;
    private static readonly HashSet<string> ListFields = ["branching", "rankAcceptance", "verifyTime"];

    /// <summary>Reads a posted or canonical document.</summary>
    public static Parsed<EvaluationDocument> Parse(JsonElement root)
    {
        var errors = new List<DocumentError>();
        if (DocumentScope.Open(root, "$", errors) is not { } scope)
        {
            return new(null, errors);
        }

        scope.Choice("kind", [EvaluationDocument.Kind]);
        var name = scope.Name("name", "evaluation");
        var tenant = scope.Name("tenant", "default");
        var priority = (int)scope.Whole("priority", 3, 1, 5);
        var target = scope.Name("target");
        var prompts = ReadPrompts(scope);
        var seed = scope.Whole("seed", 1, long.MinValue, long.MaxValue);
        var methods = ReadMethods(scope, errors);
        var sampling = ReadSampling(scope, errors, seed);
        var maxNewTokens = (int)scope.Whole("maxNewTokens", 128, 1, 65_536);
        var isReplay = prompts.Format == EvaluationDocument.RecordFormat;
        var lanes = ReadLanes(scope, isReplay);
        var draws = isReplay && !scope.Has("losslessness") ? 0 : ReadDraws(scope);
        var record = scope.Flag("record", false);
        var output = ReadOutput(scope);
        var parallelism = JobLimits.Read(scope);
        if (isReplay)
        {
            CheckReplay(scope, methods, sampling, lanes, draws, record);
        }

        if ((methods.Count + 1) * sampling.Count > MaxCells)
        {
            scope.Error("methods", $"make {(methods.Count + 1) * sampling.Count} cells with the baseline and all ways of sampling; at most {MaxCells} are allowed");
        }

        scope.RejectUnknown();
        return errors.Count > 0
            ? new(null, errors)
            : new(new(name, tenant, priority, target, prompts, methods, sampling, maxNewTokens, lanes, draws, record, output, seed, parallelism), errors);
    }

    /// <summary>Reads canonical JSON text, for example a stored job's document.</summary>
    /// <exception cref="FormatException">The text is not a valid document; the message lists every mistake.</exception>
    public static EvaluationDocument ParseCanonical(string json)
    {
        using var document = JsonDocument.Parse(json);
        var parsed = Parse(document.RootElement);
        return parsed.IsValid
            ? parsed.Document
            : throw new FormatException(string.Join("; ", parsed.Errors.Select(e => $"{e.Path} {e.Message}")));
    }

    /// <summary>Canonical form: fixed order of fields, every default written out, sweeps expanded. Equal documents give equal JSON.</summary>
    public static JsonObject ToJson(EvaluationDocument document)
    {
        var prompts = new JsonObject { ["path"] = document.Prompts.Path, ["format"] = document.Prompts.Format };
        if (document.Prompts.Limit is { } limit)
        {
            prompts["limit"] = limit;
        }

        prompts["categories"] = new JsonArray([.. document.Prompts.Categories.Select(c => JsonValue.Create(c))]);
        var json = new JsonObject
        {
            ["kind"] = EvaluationDocument.Kind,
            ["name"] = document.Name,
            ["tenant"] = document.Tenant,
            ["priority"] = document.Priority,
            ["target"] = document.Target,
            ["prompts"] = prompts,
            ["methods"] = new JsonArray([.. document.Methods.Select(m => m.ToJson())]),
            ["sampling"] = new JsonArray([.. document.Sampling.Select(ToJson)]),
            ["maxNewTokens"] = document.MaxNewTokens,
            ["lanes"] = new JsonObject { ["acceptance"] = document.Lanes.Acceptance, ["speed"] = document.Lanes.Speed },
            ["losslessness"] = new JsonObject { ["draws"] = document.Draws },
            ["record"] = document.Record,
        };
        if (document.Output is { } output)
        {
            json["output"] = new JsonObject { ["path"] = output };
        }

        if (document.Parallelism is { } parallelism)
        {
            json["limits"] = new JsonObject { ["parallelism"] = parallelism };
        }

        json["seed"] = document.Seed;
        return json;
    }

    /// <summary>Canonical form of one way of sampling.</summary>
    public static JsonObject ToJson(SamplingCell cell) => new()
    {
        ["temperature"] = cell.Options.Temperature,
        ["topK"] = cell.Options.TopK,
        ["topP"] = cell.Options.TopP,
        ["repetitionPenalty"] = cell.Options.RepetitionPenalty,
        ["seed"] = cell.Seed,
        ["samples"] = cell.Samples,
    };

    private static EvaluationPrompts ReadPrompts(DocumentScope scope)
    {
        if (scope.Object("prompts") is not { } prompts)
        {
            return new("", "spec-bench", null, []);
        }

        var path = prompts.Text("path", maxLength: 4096);
        var format = prompts.Choice("format", ["spec-bench", "jsonl", EvaluationDocument.RecordFormat], "spec-bench");
        int? limit = prompts.Has("limit") ? (int)prompts.Whole("limit", null, 1, int.MaxValue) : null;
        var categories = new List<string>();
        if (prompts.Has("categories"))
        {
            foreach (var (item, at) in prompts.Items("categories", 0, MaxItems))
            {
                if (item.ValueKind == JsonValueKind.String && item.GetString() is { Length: > 0 and <= 64 } text)
                {
                    categories.Add(text);
                }
                else
                {
                    prompts.ErrorAt(at, DocumentScope.Shown(item), "must be a category's name of 1 to 64 characters");
                }
            }
        }

        prompts.RejectUnknown();
        return new(path, format, limit, categories);
    }

    private static List<MethodOptions> ReadMethods(DocumentScope scope, List<DocumentError> errors)
    {
        var methods = new List<MethodOptions>();
        foreach (var (item, path) in scope.Items("methods", 1, MaxItems))
        {
            foreach (var method in Sweep.Read(item, path, ListFields, errors, ReadMethod))
            {
                if (methods.Any(m => m.ToJson().ToJsonString() == method.ToJson().ToJsonString()))
                {
                    errors.Add(new DocumentError(path, null, $"asks for the same {method.Type} method twice: leave one out"));
                }

                methods.Add(method);
            }
        }

        return methods;
    }

    private static MethodOptions? ReadMethod(DocumentScope scope)
    {
        var type = scope.Choice("type", [.. MethodCatalog.ByType.Keys]);
        if (!MethodCatalog.ByType.TryGetValue(type, out var definition))
        {
            return null;
        }

        var options = definition.Read(scope);
        scope.RejectUnknown();
        return options;
    }

    private static List<SamplingCell> ReadSampling(DocumentScope scope, List<DocumentError> errors, long seed)
    {
        if (!scope.Has("sampling"))
        {
            return [new(SamplingOptions.Greedy, seed, 1)];
        }

        var cells = new List<SamplingCell>();
        foreach (var (item, path) in scope.Items("sampling", 1, MaxItems))
        {
            foreach (var cell in Sweep.Read(item, path, ListFields, errors, s => ReadSamplingCell(s, seed)))
            {
                if (cells.Contains(cell))
                {
                    errors.Add(new DocumentError(path, null, "asks for the same sampling twice: leave one out"));
                }

                cells.Add(cell);
            }
        }

        return cells;
    }

    private static SamplingCell ReadSamplingCell(DocumentScope scope, long seed)
    {
        var options = new SamplingOptions(
            scope.Number("temperature", null, 0, 100),
            (int)scope.Whole("topK", 0, 0, 1_000_000),
            scope.Number("topP", 1, 0, 1, aboveMin: true),
            scope.Number("repetitionPenalty", 1, 0.1, 10));
        var own = scope.Whole("seed", seed, long.MinValue, long.MaxValue);
        var samples = (int)scope.Whole("samples", 1, 1, 10_000);
        if (options.IsGreedy && samples > 1)
        {
            scope.Error("samples", "must be 1 at temperature 0: every sample would be the same");
        }

        scope.RejectUnknown();
        return new(options, own, samples);
    }

    /// <summary>What a record cannot answer.</summary>
    private static void CheckReplay(
        DocumentScope scope, List<MethodOptions> methods, List<SamplingCell> sampling, EvaluationLanes lanes, int draws, bool record)
    {
        foreach (var method in methods.Where(m => m is MedusaOptions or EagleOptions or MtpOptions or LookaheadOptions or JacobiOptions).DistinctBy(m => m.Type))
        {
            scope.Error("methods", $"ask for {method.Type}, which reads {(method is LookaheadOptions or JacobiOptions ? "the target's opinion of tokens off its output" : "the target's hidden states")}: a record does not hold it; evaluate it with the target");
        }

        if (sampling.Any(cell => !cell.Options.IsGreedy || cell.Options.RepetitionPenalty != 1))
        {
            scope.Error("sampling", "must be temperature 0 without a repetition penalty: a record replays greedy decoding exactly, and nothing else");
        }

        if (lanes.Speed != "off" || lanes.Acceptance == "off")
        {
            scope.Error("lanes", "must be { acceptance: any, speed: off }: there is no target to time in a replay");
        }

        if (draws > 0 || record)
        {
            scope.Error(record ? "record" : "losslessness", "does not go with prompts.format: record, which needs no target");
        }
    }

    private static EvaluationLanes ReadLanes(DocumentScope scope, bool isReplay)
    {
        var speedDefault = isReplay ? "off" : "pinned";
        if (!scope.Has("lanes") || scope.Object("lanes") is not { } lanes)
        {
            return new("any", speedDefault);
        }

        var result = new EvaluationLanes(lanes.Choice("acceptance", ["any", "off"], "any"), lanes.Choice("speed", ["pinned", "off"], speedDefault));
        if (result is { Acceptance: "off", Speed: "off" })
        {
            lanes.Error("speed", "is off, and so is acceptance: nothing would be measured");
        }

        lanes.RejectUnknown();
        return result;
    }

    private static int ReadDraws(DocumentScope scope)
    {
        if (!scope.Has("losslessness") || scope.Object("losslessness") is not { } losslessness)
        {
            return DefaultDraws;
        }

        var draws = (int)losslessness.Whole("draws", DefaultDraws, 0, 100_000);
        losslessness.RejectUnknown();
        return draws;
    }

    private static string? ReadOutput(DocumentScope scope)
    {
        if (!scope.Has("output") || scope.Object("output") is not { } output)
        {
            return null;
        }

        var path = output.Text("path", maxLength: 4096);
        output.RejectUnknown();
        return path;
    }
}
