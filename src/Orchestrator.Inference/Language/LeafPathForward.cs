using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;

namespace Orchestrator.Inference.Language;

/// <summary>
/// Trees through a graph that knows no tree: each path from the root to a leaf is a row of a batch. Right for any export and
/// wasteful: the cache is repeated for each path, and nodes shared by paths are computed once a path. The cache lies in
/// CPU memory, on a device too: its rows are copied here.
/// </summary>
/// <param name="graph">A decoder with <c>attention_mask</c>.</param>
/// <param name="extras">Further outputs.</param>
internal sealed class LeafPathForward(DecoderGraph graph, IReadOnlyList<string> extras) : IDisposable
{
    private IDisposableReadOnlyCollection<OrtValue>? outputs;
    private IReadOnlyList<int[]> paths = [];
    private int before;
    private int longest;

    /// <summary>Reads a tree after the rows of a cache, which stays as it is.</summary>
    public ILogitRows Read(TokenTree tree, CacheRows cache, int length)
    {
        outputs?.Dispose();
        paths = tree.LeafPaths();
        before = cache.Count;
        longest = paths.Max(path => path.Length);
        var batch = paths.Count;
        var total = before + longest;
        var ids = new long[batch * longest];
        var positions = new long[batch * longest];
        var mask = new long[batch * total];
        for (var b = 0; b < batch; b++)
        {
            for (var row = 0; row < before; row++)
            {
                mask[(b * total) + row] = cache.IsLive(row) ? 1 : 0;
            }

            for (var i = 0; i < longest; i++)
            {
                // Short paths are padded behind their end, where nothing of theirs looks.
                var node = paths[b][Math.Min(i, paths[b].Length - 1)];
                ids[(b * longest) + i] = tree.Token(node);
                positions[(b * longest) + i] = length + i;
                mask[(b * total) + before + i] = i < paths[b].Length ? 1 : 0;
            }
        }

        var past = Repeat(cache, batch);
        List<OrtValue> inputs =
        [
            OrtValue.CreateTensorValueFromMemory(ids, [batch, longest]),
            OrtValue.CreateTensorValueFromMemory(mask, [batch, total]),
        ];
        List<string> names = [DecoderGraph.InputIds, DecoderGraph.AttentionMask];
        if (graph.HasPositions)
        {
            inputs.Add(OrtValue.CreateTensorValueFromMemory(positions, [batch, longest]));
            names.Add(DecoderGraph.PositionIds);
        }

        using var run = new RunOptions();
        outputs = graph.Session.Run(run, [.. names, .. graph.PastNames], [.. inputs, .. past], [DecoderGraph.Logits, .. extras, .. graph.PresentNames]);
        inputs.ForEach(input => input.Dispose());
        Array.ForEach(past, value => value.Dispose());
        return new PathRows(new RowsOut(batch * longest, outputs[0], [.. outputs.Skip(1).Take(extras.Count)]), Places(tree));
    }

    /// <summary>Puts the rows of a path behind the cache's living ones, as one cache without dead rows.</summary>
    public void Keep(TokenTree tree, ReadOnlySpan<int> path, CacheRows cache, List<int> committed)
    {
        var last = path.IsEmpty ? 0 : path[^1];
        var b = Enumerable.Range(0, paths.Count).First(i => paths[i].Contains(last));
        var kept = path.Length + 1;
        var rows = committed.Count + kept;
        var target = cache.Allocate(rows);
        var bytes = graph.HeadWidth * (graph.CacheType == TensorElementType.Float16 ? 2 : 4);
        for (var i = 0; i < target.Length; i++)
        {
            var source = outputs![1 + extras.Count + i].GetTensorMutableRawData();
            var into = target[i].GetTensorMutableRawData();
            for (var head = 0; head < graph.KeyValueHeads; head++)
            {
                var from = ((b * graph.KeyValueHeads) + head) * (before + longest);
                var to = head * rows;
                foreach (var row in committed.Concat(Enumerable.Range(before, kept)))
                {
                    source.Slice((from + row) * bytes, bytes).CopyTo(into[(to++ * bytes)..]);
                }
            }
        }

        cache.Replace(target, rows);
        committed.Clear();
        committed.AddRange(Enumerable.Range(0, rows));
    }

    /// <inheritdoc/>
    public void Dispose() => outputs?.Dispose();

    private OrtValue[] Repeat(CacheRows cache, int batch)
    {
        var repeated = cache.Allocate(cache.Count, batch);
        for (var i = 0; i < repeated.Length; i++)
        {
            var source = cache.Tensors[i].GetTensorMutableRawData();
            var into = repeated[i].GetTensorMutableRawData();
            for (var b = 0; b < batch; b++)
            {
                source.CopyTo(into[(b * source.Length)..]);
            }
        }

        return repeated;
    }

    /// <summary>Where each node's row is: in the first path that holds it.</summary>
    private int[] Places(TokenTree tree)
    {
        var places = new int[tree.Count];
        for (var b = paths.Count - 1; b >= 0; b--)
        {
            for (var i = 0; i < paths[b].Length; i++)
            {
                places[paths[b][i]] = (b * longest) + i;
            }
        }

        return places;
    }

    private sealed class PathRows(RowsOut rows, int[] places) : ILogitRows
    {
        public int Count => places.Length;

        public int VocabularySize => rows.VocabularySize;

        public ReadOnlySpan<float> Row(int node) => rows.Row(places[node]);

        public ReadOnlySpan<float> Hidden(int node) => rows.Hidden(places[node]);
    }
}
