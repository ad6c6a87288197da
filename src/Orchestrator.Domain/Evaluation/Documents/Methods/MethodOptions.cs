using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Evaluation.Documents.Methods;

/// <summary>Options of one method, checked. Each method has one file: its options and how they are read; its drafter is in <c>Drafters</c>.</summary>
public abstract record MethodOptions
{
    /// <summary>The method's <c>type</c> in documents.</summary>
    public abstract string Type { get; }

    /// <summary>Model folders that the method needs beside the target.</summary>
    public virtual IReadOnlyList<string> Models => [];

    /// <summary>True where tokens may leave the target's law by design above temperature 0.</summary>
    public virtual bool IsLossy => false;

    /// <summary>Deepest candidate that the method proposes where that is known, from 0: certificates look at a few tokens more.</summary>
    public abstract int DraftDepth { get; }

    /// <summary>The options as canonical JSON, defaults filled in.</summary>
    public abstract JsonObject ToJson();
}

/// <summary>Reads the options of one type of method.</summary>
/// <param name="Type">The method's <c>type</c> in documents.</param>
/// <param name="Summary">One sentence for users.</param>
/// <param name="Read">Reads the object; notes its mistakes in the scope. Must not stop at the first one.</param>
public sealed record MethodDefinition(string Type, string Summary, Func<DocumentScope, MethodOptions> Read);

/// <summary>The methods there are. A list, not a convention: what is not named here does not exist.</summary>
public static class MethodCatalog
{
    /// <summary>Every method.</summary>
    public static IReadOnlyList<MethodDefinition> All { get; } =
    [
        new(DraftModelOptions.TypeName, "A chain drawn from a small model.", DraftModelOptions.Read),
        new(DraftTreeOptions.TypeName, "A tree drawn from a small model.", DraftTreeOptions.Read),
        new(MedusaOptions.TypeName, "Heads on the target's hidden state, combined to a tree.", MedusaOptions.Read),
        new(EagleOptions.TypeName, "A small network on the target's hidden states.", EagleOptions.Read),
        new(MtpOptions.TypeName, "Multi-token prediction modules of the target.", MtpOptions.Read),
        new(PromptLookupOptions.TypeName, "Continues an earlier occurrence of the text's end.", PromptLookupOptions.Read),
        new(RetrievalMethodOptions.TypeName, "Continues occurrences of the text's end in a datastore.", RetrievalMethodOptions.Read),
        new(EarlyExitOptions.TypeName, "Drafts with the target's first layers.", EarlyExitOptions.Read),
        new(LookaheadOptions.TypeName, "Collects n-grams from Jacobi steps of the target.", LookaheadOptions.Read),
        new(JacobiOptions.TypeName, "Iterates a guess with the target itself.", JacobiOptions.Read),
    ];

    /// <summary>Types by name.</summary>
    public static IReadOnlyDictionary<string, MethodDefinition> ByType { get; } = All.ToDictionary(d => d.Type, StringComparer.Ordinal);
}

/// <summary>The autoregressive baseline; it always runs and is not written in documents.</summary>
public sealed record BaselineOptions : MethodOptions
{
    /// <inheritdoc />
    public override string Type => "baseline";

    /// <inheritdoc />
    public override int DraftDepth => 0;

    /// <inheritdoc />
    public override JsonObject ToJson() => new() { ["type"] = Type };
}
