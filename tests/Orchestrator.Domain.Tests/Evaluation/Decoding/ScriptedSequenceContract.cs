using Orchestrator.Domain.Evaluation.Losslessness;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Tests.Evaluation.Support;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Domain.Tests.Evaluation.Decoding;

/// <summary>The scripted sequence keeps the contract that it stands in for.</summary>
public sealed class ScriptedSequenceContract : CausalSequenceContract
{
    protected override double Tolerance => 0;

    protected override ICausalSequence Open() => new ScriptedSequence(new ScriptedModel(11, 5));
}
