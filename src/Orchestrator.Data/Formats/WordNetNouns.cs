using System.Collections.Frozen;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orchestrator.Domain.Curation.Synsets;

namespace Orchestrator.Data.Formats;

/// <summary>
/// The nouns of a folder in WordNet's database format (manual page wndb(5WN)): <c>index.noun</c>, <c>data.noun</c>, <c>noun.exc</c>. Debian's
/// <c>wordnet-base</c> has one in /usr/share/wordnet.
/// </summary>
/// <remarks>
/// A line of the index is <c>lemma pos synsets pointers [symbol]... senses tagged [offset]...</c>, offsets by falling frequency; of the data
/// <c>offset file type words(hex) word lex_id ...</c>; of the exceptions <c>form base...</c>. Lines that begin with a space are the licence. Words of
/// several parts (<c>polar_bear</c>) are left out: captions are read word by word. Memory: some tens of megabytes for WordNet 3.0. Immutable.
/// </remarks>
public sealed class WordNetNouns : INounDictionary
{
    /// <summary>The files that are read.</summary>
    public static readonly IReadOnlyList<string> FileNames = ["index.noun", "data.noun", "noun.exc"];

    private readonly FrozenDictionary<string, NounSynset> _first;
    private readonly FrozenDictionary<string, string[]> _exceptions;

    private WordNetNouns(Dictionary<string, NounSynset> first, Dictionary<string, string[]> exceptions, string digest) =>
        (_first, _exceptions, Digest) = (first.ToFrozenDictionary(StringComparer.Ordinal), exceptions.ToFrozenDictionary(StringComparer.Ordinal), digest);

    /// <summary>SHA-256, lower-case hex, over the three files' own in the order of <see cref="FileNames"/>: names the dictionary that labels came from.</summary>
    public string Digest { get; }

    /// <summary>Nouns of one word.</summary>
    public int Count => _first.Count;

    /// <inheritdoc />
    public NounSynset? Find(string lemma) => _first.TryGetValue(lemma, out var synset) ? synset : null;

    /// <inheritdoc />
    public IReadOnlyList<string> Exceptions(string form) => _exceptions.GetValueOrDefault(form) ?? [];

    /// <summary>Reads a folder; a missing file, or a line that is none of the format, is a fault.</summary>
    /// <param name="folder">Absolute path, already guarded.</param>
    /// <param name="field">Field of the document, for the fault.</param>
    public static Checked<WordNetNouns> Read(string folder, string field)
    {
        if (FileNames.FirstOrDefault(name => !File.Exists(Path.Combine(folder, name))) is { } missing)
        {
            return new DataFault(folder, field, $"The folder has no file {missing}.", "Give a folder in WordNet's database format with index.noun, data.noun and noun.exc, for example /usr/share/wordnet.");
        }

        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var names = Lines(folder, "data.noun", hash).ToDictionary(
                line => Offset(line.Fields, 0), line => line.Fields.Length > 4 ? line.Fields[4].ToLowerInvariant() : throw line.Wrong("a synset without a word"));
            var first = new Dictionary<string, NounSynset>(StringComparer.Ordinal);
            foreach (var line in Lines(folder, "index.noun", hash))
            {
                // The first of the offsets, of which there are as many as synsets, at the end of the line.
                var fields = line.Fields;
                if (fields.Length < 7 || !int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var synsets) || synsets < 1 || synsets > fields.Length - 6)
                {
                    throw line.Wrong("not a line of an index");
                }

                var offset = Offset(fields, fields.Length - synsets);
                var name = names.GetValueOrDefault(offset) ?? throw line.Wrong($"synset {offset} is not in data.noun, so the two are not of one release");
                if (!fields[0].Contains('_', StringComparison.Ordinal))
                {
                    first[fields[0]] = new NounSynset(offset, name);
                }
            }

            var exceptions = Lines(folder, "noun.exc", hash).ToLookup(line => line.Fields[0], line => line.Fields[1..])
                .ToDictionary(forms => forms.Key, forms => forms.SelectMany(f => f).ToArray(), StringComparer.Ordinal);
            return new WordNetNouns(first, exceptions, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            return new DataFault(folder, field, $"The dictionary cannot be read: {e.Message}.", "Give the files of one WordNet release as they are.");
        }
        catch (ArgumentException e)
        {
            return new DataFault(folder, field, $"The dictionary cannot be read: data.noun names a synset twice ({e.Message}).", "Give the files of one WordNet release as they are.");
        }
    }

    private static long Offset(string[] fields, int at) => long.TryParse(fields[at], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
        ? offset
        : throw new FormatException($"'{fields[at]}' stands where the offset of a synset should");

    private static IEnumerable<Line> Lines(string folder, string name, IncrementalHash hash)
    {
        var content = File.ReadAllBytes(Path.Combine(folder, name));
        hash.AppendData(SHA256.HashData(content));
        var number = 0;
        foreach (var line in Encoding.UTF8.GetString(content).Split('\n'))
        {
            number++;
            if (line.Length > 0 && line[0] is not (' ' or '\r'))
            {
                // The gloss may hold anything; what is read stands before it.
                var text = line.AsSpan(0, line.IndexOf('|', StringComparison.Ordinal) is >= 0 and var bar ? bar : line.Length);
                yield return new Line(name, number, text.ToString().Split((char[])[' ', '\r'], StringSplitOptions.RemoveEmptyEntries));
            }
        }
    }

    private readonly record struct Line(string File, int Number, string[] Fields)
    {
        public FormatException Wrong(string problem) => new($"{File}, line {Number}: {problem}");
    }
}
