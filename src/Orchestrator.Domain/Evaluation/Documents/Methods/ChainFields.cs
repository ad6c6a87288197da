using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;
using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary>Fields that chains share.</summary>
/// <param name="Gamma">γ, 1 to 32; the first one where it adapts.</param>
/// <param name="Adaptive">Whether γ follows <see cref="HeuristicGamma"/>. Default false.</param>
public sealed record ChainFields(int Gamma, bool Adaptive)
{
    /// <summary>Largest γ.</summary>
    public const int MaxGamma = 32;

    /// <summary>Reads the fields.</summary>
    public static ChainFields Read(DocumentScope scope, int? gamma = null) =>
        new((int)scope.Whole("gamma", gamma, 1, MaxGamma), scope.Flag("adaptive", false));

    /// <summary>A policy for one request.</summary>
    public IGammaPolicy Policy() => Adaptive ? new HeuristicGamma(Gamma, 1, MaxGamma) : new FixedGamma(Gamma);

    /// <summary>Writes the fields.</summary>
    public JsonObject AddTo(JsonObject json)
    {
        json["gamma"] = Gamma;
        json["adaptive"] = Adaptive;
        return json;
    }
}
