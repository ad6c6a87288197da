using Microsoft.ML.OnnxRuntime;
using Orchestrator.Inference.Captioning;
using Orchestrator.Inference.Detection;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Sessions;

/// <summary>Golden runs of every kind but the dual encoders: each graph of the manifest is loaded, fed and compared.</summary>
/// <remarks>A fault of one graph, run or tokenizer is a row of its own with measure <c>error</c>: the others are still verified, and all faults come out at once.</remarks>
internal static class GraphVerifier
{
    public static (string Provider, double? Tolerance, IReadOnlyList<VerificationRow> Rows) Verify(ModelFolder folder, InferenceOptions options)
    {
        var golden = GoldenRuns.Read(folder);
        var rows = new List<VerificationRow>();
        var provider = "none";
        var graphs = folder.Manifest.Files.Where(f => !f.Key.EndsWith("_fp16", StringComparison.Ordinal) && f.Value.EndsWith(".onnx", StringComparison.Ordinal)).Select(f => f.Key);
        foreach (var role in graphs.Order(StringComparer.Ordinal))
        {
            Attempt(role, rows, () =>
            {
                using var session = OrtSessions.Open(folder.FindGraph(role, options.Precision)!, options);
                provider = session.Provider;
                var runs = golden.Runs.Where(r => r.File == role).ToArray();
                foreach (var run in runs)
                {
                    Attempt(run.Name, rows, () => rows.AddRange(GoldenRunner.Run(session, run)));
                }

                if (runs.Length == 0)
                {
                    rows.Add(new VerificationRow(role, role, "load", 0, "loads; no golden run"));
                }
            });
        }

        Attempt("tokenizer", rows, () => rows.AddRange(Texts(folder, golden)));
        // What the stages load: tensors, configs and tokenizer must fit together, not only each graph its golden run.
        foreach (var load in Loaders(folder, options))
        {
            Attempt("load", rows, () => load().Dispose());
        }

        return (provider, null, rows);
    }

    private static void Attempt(string run, List<VerificationRow> rows, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is ModelContractException or OnnxRuntimeException)
        {
            rows.Add(new VerificationRow(run, run, "error", double.NaN, e.Message));
        }
    }

    private static Func<IDisposable>[] Loaders(ModelFolder folder, InferenceOptions options) => folder.Kind switch
    {
        "blip-caption" => [() => Captioner.Load(folder, options)],
        "blip-itm" => [() => ImageTextMatcher.Load(folder, options)],
        TextDetector.Kind => [() => TextDetector.Load(folder, options)],
        _ => [],
    };

    private static IEnumerable<VerificationRow> Texts(ModelFolder folder, GoldenRuns golden)
    {
        if (golden.Texts.Count == 0)
        {
            return [];
        }

        Func<string, int[], int[]> encode = folder.Kind switch
        {
            "blip-caption" or "blip-itm" => WordPiece(TextTokenizers.LoadWordPiece(folder, 512), folder.Manifest.Integer("max_tokens") ?? ImageTextMatcher.LongestText),
            "causal-lm" => ByteLevel(TextTokenizers.LoadByteLevel(folder)),
            _ => throw new ModelContractException(golden.Path, "texts", $"none, since {folder.Kind} has no tokenizer of its own", $"{golden.Texts.Count}"),
        };
        return golden.Texts.Select((text, i) =>
        {
            var ids = encode(text.Text, text.Ids);
            var same = ids.AsSpan().SequenceEqual(text.Ids);
            var at = ids.AsSpan().CommonPrefixLength(text.Ids);
            return new VerificationRow("tokenizer", $"text {i}", "ids", same ? 0 : double.PositiveInfinity, same ? $"{ids.Length} equal" : $"text {i} differs at place {at}: {ids.ElementAtOrDefault(at)}, golden {text.Ids.ElementAtOrDefault(at)}; {ids.Length} ids, golden {text.Ids.Length}");
        });
    }

    /// <summary>
    /// Golden ids may carry [CLS] and [SEP], and padding after them, or be those of the text alone; a row as long as the model takes
    /// may be cut.
    /// </summary>
    private static Func<string, int[], int[]> WordPiece(WordPieceTokenizer tokenizer, int longest) => (text, golden) =>
    {
        var framed = golden is [var first, ..] && first == tokenizer.StartId;
        var limit = golden.Length == longest ? longest - (framed ? 2 : 0) : int.MaxValue;
        int[] ids = framed ? [tokenizer.StartId, .. tokenizer.Tokens(text, limit), tokenizer.EndId] : [.. tokenizer.Tokens(text, limit)];
        return golden.Length > ids.Length ? [.. ids, .. Enumerable.Repeat(tokenizer.PadId, golden.Length - ids.Length)] : ids;
    };

    /// <summary>Golden ids may begin with the begin id.</summary>
    private static Func<string, int[], int[]> ByteLevel(ByteLevelTokenizer tokenizer) => (text, golden) =>
    {
        int[] ids = [.. tokenizer.Encode(text)];
        return golden is [var first, ..] && first == tokenizer.BeginId && (ids is [] || ids[0] != first) ? [first, .. ids] : ids;
    };
}
