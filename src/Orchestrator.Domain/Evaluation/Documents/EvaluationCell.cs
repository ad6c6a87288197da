using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Evaluation.Documents.Methods;

namespace Orchestrator.Domain.Evaluation.Documents;

/// <summary>One method under one way of sampling: the unit of certificates and results.</summary>
/// <param name="Id">
/// The method's type and 12 hexadecimal digits of the SHA-256 of target, method, sampling and length in canonical form: the
/// same in every document that asks for the same, whatever the order or number of its cells.
/// </param>
/// <param name="Method">The method.</param>
/// <param name="Sampling">The way of sampling.</param>
public sealed record EvaluationCell(string Id, MethodOptions Method, SamplingCell Sampling)
{
    /// <summary>A document's cell.</summary>
    public static EvaluationCell Of(EvaluationDocument document, MethodOptions method, SamplingCell sampling)
    {
        var identity = new JsonObject
        {
            ["target"] = document.Target,
            ["method"] = method.ToJson(),
            ["sampling"] = EvaluationParser.ToJson(sampling),
            ["maxNewTokens"] = document.MaxNewTokens,
        };
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(identity.ToJsonString()));
        return new($"{method.Type}-{Convert.ToHexStringLower(hash.AsSpan(0, 6))}", method, sampling);
    }
}
