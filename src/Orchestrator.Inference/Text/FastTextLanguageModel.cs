using System.Text;

namespace Orchestrator.Inference.Text;

/// <summary>A label and how probable the model holds it.</summary>
/// <param name="Label">Label without <c>__label__</c>: for lid.176 a language code such as <c>en</c>.</param>
/// <param name="Probability">About 0 to 1; fastText adds 1e-5 inside its logarithm, so 1.00001 occurs.</param>
public readonly record struct LabelProbability(string Label, float Probability);

/// <summary>
/// A fastText supervised classifier read from the user's own <c>.bin</c> or quantised <c>.ftz</c> file (lid.176 and the like).
/// </summary>
/// <remarks>
/// Source: facebookresearch/fastText, src/{args,dictionary,densematrix,quantmatrix,productquantizer,loss,fasttext}.cc; Joulin et al.,
/// arXiv 1607.01759 and 1612.03651. File format versions 11 and 12. Losses: hierarchical softmax, softmax, negative sampling and
/// one-vs-all (the last two read sigmoids from fastText's 512-entry table). Newlines count as spaces, then the end-of-line
/// token is appended once, which is what fastText's own <c>predict</c> does with one line. Safe for concurrent use after loading.
/// </remarks>
public sealed class FastTextLanguageModel
{
    private const int Magic = 793712314;
    private const int NewestVersion = 12;
    private const int Supervised = 3;
    private const string LabelPrefix = "__label__";

    private readonly FastTextDictionary _dictionary;
    private readonly FastTextMatrix _input;
    private readonly FastTextOutput _output;
    private readonly string[] _labels;

    private FastTextLanguageModel(FastTextDictionary dictionary, FastTextMatrix input, FastTextOutput output)
    {
        (_dictionary, _input, _output) = (dictionary, input, output);
        _labels = [.. dictionary.Labels.Select(l => l.StartsWith(LabelPrefix, StringComparison.Ordinal) ? l[LabelPrefix.Length..] : l)];
    }

    /// <summary>Labels in the file's order, without prefix.</summary>
    public IReadOnlyList<string> Labels => _labels;

    /// <summary>Reads a model file.</summary>
    /// <exception cref="ModelContractException">The file is missing, cut short, of another format, or not a supervised model.</exception>
    public static FastTextLanguageModel Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new ModelContractException(path, "file", "a fastText model", "nothing", "Download lid.176.bin or lid.176.ftz from fasttext.cc and give its path");
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        return Read(new FastTextFile(path, stream));
    }

    /// <summary>The most probable labels, best first; empty when no word, n-gram or end-of-line token of the text is known.</summary>
    /// <param name="text">Any text; newlines count as spaces.</param>
    /// <param name="count">Labels wanted, 1 or more. Default 1.</param>
    public IReadOnlyList<LabelProbability> Predict(string text, int count = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var rows = _dictionary.Rows(Encoding.UTF8.GetBytes(text));
        if (rows.Count == 0)
        {
            return [];
        }

        var hidden = new float[_input.Columns];
        foreach (var row in rows)
        {
            _input.AddRow(row, hidden);
        }

        var scale = (float)(1.0 / rows.Count);
        for (var i = 0; i < hidden.Length; i++)
        {
            hidden[i] *= scale;
        }

        return [.. _output.LogProbabilities(hidden)
            .Select((log, label) => (log, label))
            .Where(p => !float.IsNegativeInfinity(p.log))
            .OrderByDescending(p => p.log)
            .Take(count)
            .Select(p => new LabelProbability(_labels[p.label], MathF.Exp(p.log)))];
    }

    private static FastTextLanguageModel Read(FastTextFile file)
    {
        if (file.Int32("magic") is var magic && magic != Magic)
        {
            throw file.Wrong("magic", $"{Magic}, the mark of a fastText model", magic.ToString());
        }

        var version = file.Int32("version");
        if (version is < 11 or > NewestVersion)
        {
            throw file.Wrong("version", $"11 or {NewestVersion}", version.ToString());
        }

        var arguments = Arguments(file, version);
        var dictionary = FastTextDictionary.Read(file, arguments);
        var quantised = file.Flag("quant_input");
        var input = FastTextMatrix.Read(file, quantised, "input");
        if (!quantised && dictionary.IsPruned)
        {
            throw file.Wrong("dictionary", "no pruning in a model that is not quantised", "a pruned dictionary");
        }

        var output = FastTextMatrix.Read(file, file.Flag("qout") && quantised, "output");
        // Without n-grams no row is hashed, and such a file may hold the words' rows alone.
        var hashes = arguments.MaxN > 0 || arguments.WordNgrams > 1;
        if (input.Columns != arguments.Dimension || output.Columns != arguments.Dimension || (hashes && input.Rows < dictionary.InputRows) || output.Rows != dictionary.Labels.Count)
        {
            throw file.Wrong("input and output", $"{dictionary.InputRows} and {dictionary.Labels.Count} rows of {arguments.Dimension}", $"{input.Rows} x {input.Columns} and {output.Rows} x {output.Columns}");
        }

        return new FastTextLanguageModel(dictionary, input, FastTextOutput.Create(arguments.Loss, output, dictionary.LabelCounts));
    }

    private static FastTextArguments Arguments(FastTextFile file, int version)
    {
        var dimension = file.Int32("dim");
        foreach (var field in (ReadOnlySpan<string>)["ws", "epoch", "minCount", "neg"])
        {
            file.Int32(field);
        }

        var ngrams = file.Int32("wordNgrams");
        var loss = (FastTextLoss)file.Int32("loss");
        var model = file.Int32("model");
        var (bucket, minN, maxN) = (file.Int32("bucket"), file.Int32("minn"), file.Int32("maxn"));
        file.Int32("lrUpdateRate");
        file.Double("t");
        if (model != Supervised)
        {
            throw file.Wrong("model", "3, a supervised classifier", model.ToString());
        }

        if (!Enum.IsDefined(loss))
        {
            throw file.Wrong("loss", "1 hs, 2 ns, 3 softmax or 4 ova", ((int)loss).ToString());
        }

        // Version 11 wrote the field but trained supervised models without character n-grams.
        maxN = version == 11 ? 0 : maxN;
        if (dimension < 1 || bucket < 0 || (bucket == 0 && (maxN > 0 || ngrams > 1)) || minN < 0 || maxN < 0 || ngrams < 0)
        {
            throw file.Wrong("arguments", "positive dim and, with n-grams, a positive bucket", $"dim {dimension}, bucket {bucket}, minn {minN}, maxn {maxN}, wordNgrams {ngrams}");
        }

        return new FastTextArguments(dimension, ngrams, loss, model, bucket, minN, maxN);
    }
}
