using System.Globalization;

namespace Orchestrator.Domain.Evaluation.Tracing;

/// <summary>One of our figures under another system's name and definition.</summary>
/// <param name="System">vLLM, SGLang, Spec-Bench or ONNX Runtime GenAI.</param>
/// <param name="Name">The name there.</param>
/// <param name="Value">By that system's definition.</param>
public sealed record MetricAlias(string System, string Name, double Value);

/// <summary>The figures as other systems name and define them, so that numbers can be laid side by side. They differ where the definitions do.</summary>
public static class MetricAliases
{
    /// <summary>All aliases in a fixed order.</summary>
    public static IReadOnlyList<MetricAlias> Of(CellMetrics m)
    {
        var full = (double)m.Bonuses;
        var zero = m.Histogram.Count == 0 ? 0 : m.Histogram[0] - (m.Steps - m.DraftingSteps);
        // vLLM counts rounds with a draft alone; SGLang counts every verify, and its draft size includes the root.
        return
        [
            new("vLLM", "vllm:spec_decode_num_drafts", m.DraftingSteps),
            new("vLLM", "vllm:spec_decode_num_draft_tokens", m.Drafted),
            new("vLLM", "vllm:spec_decode_num_accepted_tokens", m.Accepted),
            .. m.Marginal.Select((share, i) => new MetricAlias(
                "vLLM", string.Create(CultureInfo.InvariantCulture, $"vllm:spec_decode_num_accepted_tokens_per_pos{{position=\"{i}\"}}"), Math.Round(share * m.Steps))),
            new("vLLM", "spec_decode_acceptance_rate", 100 * m.AcceptanceOfDrafted),
            new("vLLM", "spec_decode_acceptance_length", 1 + CellMetrics.Ratio(m.Accepted, m.DraftingSteps)),
            new("SGLang", "spec_verify_ct", m.Steps),
            new("SGLang", "spec_accept_length", m.MatPooled),
            new("SGLang", "spec_accept_rate", CellMetrics.Ratio(m.Accepted, m.Drafted)),
            new("SGLang", "spec_accept_token_num", m.Accepted),
            new("SGLang", "spec_draft_token_num", m.Drafted),
            new("Spec-Bench", "mean_accepted_tokens", m.MatPooled),
            new("ONNX Runtime GenAI", "rounds", m.Steps),
            new("ONNX Runtime GenAI", "target_forward_passes", m.Steps),
            new("ONNX Runtime GenAI", "draft_tokens_proposed", m.Drafted),
            new("ONNX Runtime GenAI", "draft_tokens_evaluated", m.Evaluated),
            new("ONNX Runtime GenAI", "draft_tokens_accepted", m.Accepted),
            new("ONNX Runtime GenAI", "correction_tokens", m.DraftingSteps - m.Bonuses),
            new("ONNX Runtime GenAI", "bonus_tokens", m.Bonuses),
            new("ONNX Runtime GenAI", "tokens_emitted", m.Tokens),
            new("ONNX Runtime GenAI", "tokens_discarded", m.Truncated),
            new("ONNX Runtime GenAI", "full_accept_rounds", full),
            new("ONNX Runtime GenAI", "partial_accept_rounds", m.DraftingSteps - full - zero),
            new("ONNX Runtime GenAI", "zero_accept_rounds", zero),
        ];
    }
}
