using System.Text.Json;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation;

/// <summary>Reads and writes curation documents. Every mistake is reported at once, each with its JSON path.</summary>
public static class CurationParser
{
    private const int MaxStages = 64;
    private const int MaxShardPatterns = 100_000;
    private const int MaxRuleDepth = 8;

    /// <summary>Reads a posted or canonical document.</summary>
    public static Parsed<CurationDocument> Parse(JsonElement root)
    {
        var errors = new List<DocumentError>();
        if (DocumentScope.Open(root, "$", errors) is not { } scope)
        {
            return new(null, errors);
        }

        scope.Choice("kind", [CurationDocument.Kind]);
        var name = scope.Name("name");
        var tenant = scope.Name("tenant", "default");
        var priority = (int)scope.Whole("priority", 3, 1, 5);
        var input = ReadInput(scope);
        var stages = ReadStages(scope);
        var select = scope.Raw("select") is { } rule ? ReadRule(scope, rule, scope.PathOf("select"), stages, 0) : null;
        var output = ReadOutput(scope);
        var limits = ReadLimits(scope);
        var seed = scope.Whole("seed", 1, long.MinValue, long.MaxValue);
        scope.RejectUnknown();

        return errors.Count > 0
            ? new(null, errors)
            : new(new(name, tenant, priority, input, stages, select, output, limits, seed), errors);
    }

    /// <summary>Reads canonical JSON text, for example a stored job's document.</summary>
    /// <exception cref="FormatException">The text is not a valid document; the message lists every mistake.</exception>
    public static CurationDocument ParseCanonical(string json)
    {
        using var document = JsonDocument.Parse(json);
        var parsed = Parse(document.RootElement);
        return parsed.IsValid
            ? parsed.Document
            : throw new FormatException(string.Join("; ", parsed.Errors.Select(e => $"{e.Path} {e.Message}")));
    }

    /// <summary>Canonical form: fixed order of fields, every default written out. Equal documents give equal JSON.</summary>
    public static JsonObject ToJson(CurationDocument document)
    {
        var json = new JsonObject
        {
            ["kind"] = CurationDocument.Kind,
            ["name"] = document.Name,
            ["tenant"] = document.Tenant,
            ["priority"] = document.Priority,
            ["input"] = new JsonObject
            {
                ["shards"] = new JsonArray([.. document.Input.Shards.Select(s => JsonValue.Create(s))]),
                ["format"] = document.Input.Format,
            },
            ["stages"] = new JsonArray([.. document.Stages.Select(s => s.ToJson())]),
        };
        if (document.Input.Subset is { } subset)
        {
            json["input"]!["subset"] = subset;
        }

        if (document.Select is { } select)
        {
            json["select"] = ToJson(select);
        }

        json["output"] = ToJson(document.Output);
        var limits = new JsonObject { ["maxFailedShards"] = document.Limits.MaxFailedShards };
        if (document.Limits.Parallelism is { } parallelism)
        {
            limits["parallelism"] = parallelism;
        }

        json["limits"] = limits;
        json["seed"] = document.Seed;
        return json;
    }

    private static CurationInput ReadInput(DocumentScope scope)
    {
        if (scope.Object("input") is not { } input)
        {
            return new([], CurationInput.WebDataset);
        }

        var shards = new List<string>();
        foreach (var (item, path) in input.Items("shards", 1, MaxShardPatterns))
        {
            if (item.ValueKind == JsonValueKind.String && item.GetString() is { Length: > 0 and <= 4096 } text)
            {
                shards.Add(text);
            }
            else
            {
                input.ErrorAt(path, DocumentScope.Shown(item), "must be a path or pattern of 1 to 4096 characters, for example pool/{00000000..00000007}.tar");
            }
        }

        var format = input.Choice("format", [CurationInput.WebDataset, CurationInput.Img2Dataset], CurationInput.WebDataset);
        var subset = input.Has("subset") ? input.Text("subset", maxLength: 4096) : null;
        input.RejectUnknown();
        return new(shards, format, subset);
    }

    private static List<StageOptions> ReadStages(DocumentScope scope)
    {
        var stages = new List<StageOptions>();
        var scopes = new List<DocumentScope>();
        foreach (var (item, path) in scope.Items("stages", 1, MaxStages))
        {
            if (scope.Open(item, path) is not { } stage)
            {
                continue;
            }

            var type = stage.Choice("type", [.. StageCatalog.ByType.Keys]);
            if (!StageCatalog.ByType.TryGetValue(type, out var definition))
            {
                continue;
            }

            var options = definition.Read(stage);
            stage.RejectUnknown();
            foreach (var signal in options.Signals.Intersect(stages.SelectMany(earlier => earlier.Signals), StringComparer.OrdinalIgnoreCase))
            {
                // As the columns of a table, which SQL readers do not tell apart by case.
                stage.Error("as", $"the signal '{signal}' is already made by an earlier stage: give each its own name with 'as'");
            }

            stages.Add(options);
            scopes.Add(stage);
        }

        foreach (var (options, stage) in stages.Zip(scopes))
        {
            foreach (var signal in options.Signals.Intersect(FixedColumns.Names, StringComparer.OrdinalIgnoreCase))
            {
                stage.Error("as", $"'{signal}' is a column of every score table; choose another, taken are {string.Join(", ", FixedColumns.Names)}");
            }

            foreach (var signal in options.Signals.Intersect(stages.SelectMany(s => s.Tags), StringComparer.OrdinalIgnoreCase))
            {
                stage.Error("as", $"'{signal}' is the name of a text column of this document; choose another");
            }

            options.CheckLinks(stage, stages);
        }

        return stages;
    }

    /// <summary>Reads a rule; <paramref name="stages"/> make the scores it may name, null where they are not known yet.</summary>
    internal static SelectRule? ReadRule(DocumentScope parent, JsonElement element, string path, IReadOnlyList<StageOptions>? stages, int depth)
    {
        if (parent.Open(element, path) is not { } scope)
        {
            return null;
        }

        if (depth > MaxRuleDepth)
        {
            parent.ErrorAt(path, null, $"rules may be nested {MaxRuleDepth} deep at most");
            return null;
        }

        var hasAll = scope.Has("all");
        var hasAny = scope.Has("any");
        if (hasAll || hasAny)
        {
            if (hasAll && hasAny)
            {
                scope.Error("any", "give either all or any, not both: nest one in the other");
            }

            var field = hasAll ? "all" : "any";
            var rules = scope.Items(field, 1, 64).Select(i => ReadRule(scope, i.Item, i.Path, stages, depth + 1)).OfType<SelectRule>().ToList();
            scope.RejectUnknown();
            return hasAll ? new SelectRule.All(rules) : new SelectRule.Any(rules);
        }

        return ReadLeaf(scope, stages);
    }

    private static SelectRule.Leaf? ReadLeaf(DocumentScope scope, IReadOnlyList<StageOptions>? stages)
    {
        var by = scope.Text("by");
        var of = ReadReading(scope, by, stages);

        string[] tests = ["min", "topFraction", "topCount"];
        var given = tests.Where(scope.Has).ToList();
        if (given.Count != 1)
        {
            scope.Error(given.Count == 0 ? "min" : given[1], "give exactly one of min, topFraction, topCount");
        }

        var ofPool = scope.Choice("base", ["candidates", "pool"], "candidates") == "pool";
        var dataComp = scope.Flag("dataComp", false);
        SelectTest? test = given.FirstOrDefault() switch
        {
            "min" => new SelectTest.Min(scope.Number("min", null, -1e30, 1e30)),
            "topFraction" => new SelectTest.TopFraction(
                scope.Number("topFraction", null, 0, 1, aboveMin: true), ofPool ? FractionBase.Pool : FractionBase.Candidates, dataComp),
            "topCount" => new SelectTest.TopCount(scope.Whole("topCount", null, 1, long.MaxValue)),
            _ => null,
        };
        if (test is not SelectTest.TopFraction && (ofPool || dataComp))
        {
            scope.Error(ofPool ? "base" : "dataComp", "goes with topFraction only");
        }
        else if (ofPool && dataComp)
        {
            scope.Error("base", "leave base out: DataComp's rule counts the samples that have a score");
        }

        scope.RejectUnknown();
        return test is null ? null : new SelectRule.Leaf(by, test, of);
    }

    private static string? ReadReading(DocumentScope scope, string by, IReadOnlyList<StageOptions>? stages)
    {
        var of = scope.Has("of") ? scope.Name("of") : null;
        if (stages is not null && by.Length > 0)
        {
            var scores = stages.Where(s => s.MainSignals.Count > 0).ToList();
            var maker = scores.FirstOrDefault(s => s.MainSignals.Contains(by));
            if (maker is null)
            {
                scope.Error("by", scores.Count == 0
                    ? "no stage of this document makes a score: add one, for example clip-score"
                    : $"is not a score of this document; its scores are: {string.Join(", ", scores.SelectMany(s => s.MainSignals))}");
            }
            else if (of is { Length: > 0 } && !maker.Readings.Contains(of))
            {
                scope.Error("of", $"is not a reading of '{by}', which {maker.Type} makes; {(maker.Readings.Count == 0 ? "it has none: leave 'of' out" : $"it has: {string.Join(", ", maker.Readings)}")}");
            }
        }

        return of is PairScoreOptions.Cosine or "" ? null : of;
    }

    /// <summary>Reads <c>output</c>.</summary>
    internal static CurationOutput ReadOutput(DocumentScope scope)
    {
        if (scope.Object("output") is not { } output)
        {
            return new("", 1000);
        }

        var result = new CurationOutput(output.Text("path", maxLength: 4096), (int)output.Whole("samplesPerShard", 1000, 1, 1_000_000));
        output.RejectUnknown();
        return result;
    }

    private static CurationLimits ReadLimits(DocumentScope scope)
    {
        if (!scope.Has("limits") || scope.Object("limits") is not { } limits)
        {
            return new(null);
        }

        var result = new CurationLimits(
            limits.Has("maxFailedShards") ? (int)limits.Whole("maxFailedShards", null, 0, int.MaxValue) : null, JobLimits.ReadParallelism(limits));
        limits.RejectUnknown();
        return result;
    }

    /// <summary>Canonical form of <c>output</c>.</summary>
    internal static JsonObject ToJson(CurationOutput output) => new() { ["path"] = output.Path, ["samplesPerShard"] = output.SamplesPerShard };

    /// <summary>Canonical form of a rule.</summary>
    internal static JsonObject ToJson(SelectRule rule) => rule switch
    {
        SelectRule.All all => new JsonObject { ["all"] = new JsonArray([.. all.Rules.Select(ToJson)]) },
        SelectRule.Any any => new JsonObject { ["any"] = new JsonArray([.. any.Rules.Select(ToJson)]) },
        SelectRule.Leaf leaf => ToJson(leaf),
        _ => throw new InvalidOperationException("A select rule is a leaf, all or any."),
    };

    private static JsonObject ToJson(SelectRule.Leaf leaf)
    {
        var json = new JsonObject { ["by"] = leaf.By };
        if (leaf.Of is { } of)
        {
            json["of"] = of;
        }

        switch (leaf.Test)
        {
            case SelectTest.Min min:
                json["min"] = min.Value;
                break;
            case SelectTest.TopCount count:
                json["topCount"] = count.Value;
                break;
            case SelectTest.TopFraction fraction:
                json["topFraction"] = fraction.Value;
                json["base"] = fraction.Base == FractionBase.Pool ? "pool" : "candidates";
                json["dataComp"] = fraction.DataComp;
                break;
        }

        return json;
    }
}
