using Orchestrator.Domain.Evaluation.Decoding;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>A drafter that needs the target's hidden states of the prompt (EAGLE, MTP) or of its end (Medusa). Implemented by such drafters.</summary>
public interface IPrefillObserver
{
    /// <summary>Called once, after the prompt's forward and before the first token.</summary>
    /// <param name="rows">Row i: the prompt's token i. Logits of the last at least.</param>
    void ObservePrefill(ILogitRows rows);
}
