using Orchestrator.Domain.Evaluation.Documents.Methods;
using Orchestrator.Domain.Evaluation.Sampling;

namespace Orchestrator.Domain.Evaluation.Documents;

/// <summary>An evaluation job as posted, checked, with defaults filled in and sweeps expanded. Immutable.</summary>
/// <param name="Name">Name for people. Default <c>evaluation</c>.</param>
/// <param name="Tenant">Tenant that pays. Default <c>default</c>.</param>
/// <param name="Priority">1 (low) to 5 (high). Default 3.</param>
/// <param name="Target">Model folder of kind <c>causal-lm</c>.</param>
/// <param name="Prompts">What is asked.</param>
/// <param name="Methods">Methods in order, sweeps expanded; the baseline is not among them and always runs.</param>
/// <param name="Sampling">Ways of sampling in order, sweeps expanded.</param>
/// <param name="MaxNewTokens">Output tokens at most, 1 to 65,536. Default 128.</param>
/// <param name="Lanes">Where acceptance and speed are measured.</param>
/// <param name="Draws">Draws of each sampled method for the statistical certificate, 0 (off) to 100,000. Default 400.</param>
/// <param name="Record">Whether the target's best logits along the baseline's outputs are stored, for replays. Default false.</param>
/// <param name="Output">Folder of the result; null leaves the place to the server.</param>
/// <param name="Seed">Seed of every random choice that has none of its own. Default 1.</param>
/// <param name="Parallelism">Shards of the job that run at a time (<c>limits.parallelism</c>); null for as many as there are slots.</param>
public sealed record EvaluationDocument(
    string Name,
    string Tenant,
    int Priority,
    string Target,
    EvaluationPrompts Prompts,
    IReadOnlyList<MethodOptions> Methods,
    IReadOnlyList<SamplingCell> Sampling,
    int MaxNewTokens,
    EvaluationLanes Lanes,
    int Draws,
    bool Record,
    string? Output,
    long Seed,
    int? Parallelism = null)
{
    /// <summary>The document's <c>kind</c>.</summary>
    public const string Kind = "evaluation";

    /// <summary>Format of prompts that are a record of an earlier evaluation.</summary>
    public const string RecordFormat = "record";

    /// <summary>True where a record answers in the target's place.</summary>
    public bool IsReplay => Prompts.Format == RecordFormat;

    /// <summary>Model folders in order of first use, without repeats; the target first. A replay needs its target only to draft with its first layers.</summary>
    public IReadOnlyList<string> Models =>
    [
        .. Methods.SelectMany(m => m.Models).Concat(IsReplay && !Methods.Any(m => m is EarlyExitOptions) ? [] : (string[])[Target])
            .OrderBy(m => m == Target ? 0 : 1).Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Method × sampling, the baseline first at each sampling.</summary>
    public IReadOnlyList<EvaluationCell> Cells =>
        [.. from sampling in Sampling from method in Methods.Prepend(new BaselineOptions()) select EvaluationCell.Of(this, method, sampling)];
}

/// <summary>The prompts.</summary>
/// <param name="Path">File.</param>
/// <param name="Format">
/// <c>spec-bench</c> (question.jsonl), <c>jsonl</c> (<c>prompt</c> and <c>category</c> a line) or <c>record</c>: the record of an
/// evaluation with <c>record: true</c>, which is replayed without the target.
/// </param>
/// <param name="Limit">Prompts at most, shared evenly by the categories; null takes all.</param>
/// <param name="Categories">Only these; empty for all.</param>
public sealed record EvaluationPrompts(string Path, string Format, int? Limit, IReadOnlyList<string> Categories);

/// <summary>One way of sampling.</summary>
/// <param name="Options">Processing of the laws.</param>
/// <param name="Seed">Seed of the draws.</param>
/// <param name="Samples">Generations of each prompt, each with a seed of its own; 1 at temperature 0.</param>
public sealed record SamplingCell(SamplingOptions Options, long Seed, int Samples);

/// <summary>Where figures are measured.</summary>
/// <param name="Acceptance"><c>any</c> worker (default), or <c>off</c>.</param>
/// <param name="Speed"><c>pinned</c> to one device class (default), or <c>off</c>.</param>
public sealed record EvaluationLanes(string Acceptance, string Speed);
