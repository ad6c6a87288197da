using Orchestrator.Domain.Evaluation.Documents.Methods;

namespace Orchestrator.Domain.Evaluation.Drafters;

/// <summary>
/// What methods run on, for one request. Implemented by the worker over the engine room's models, and by the exact certificate
/// over scripted ones. What it opens it disposes itself.
/// </summary>
public interface IMethodModels
{
    /// <summary>The draft network of <c>draft-model</c>, <c>draft-tree</c>, <c>eagle</c>, <c>early-exit</c> and sequential <c>mtp</c>.</summary>
    IDraftNetwork Network(MethodOptions method);

    /// <summary>The heads of <c>medusa</c> and parallel <c>mtp</c>; null where an <c>mtp</c> module is sequential.</summary>
    IDraftHeads? Heads(MethodOptions method);

    /// <summary>The datastore of <c>retrieval</c>.</summary>
    SuffixArray Datastore(RetrievalMethodOptions method);

    /// <summary>The tree of <c>medusa</c> with <c>tree: measured</c> (by <see cref="AccuracyTree"/>) or of <c>draft-tree</c> with <c>tree: searched</c> (by <see cref="SequoiaTree"/>), from measurements.</summary>
    TreeShape MeasuredTree(MethodOptions method);

    /// <summary>The target's end tokens.</summary>
    IReadOnlySet<int> EndTokens { get; }
}
