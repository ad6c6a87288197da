using System.Text;
using System.Text.Json.Nodes;
using Orchestrator.Domain.Documents;

namespace Orchestrator.Domain.Curation.Stages;

/// <summary>
/// <c>basic-filter</c>: DataComp's basic rules (baselines/apply_filter.py, <c>load_uids_with_basic_filter_helper</c>). With
/// the defaults and <c>language: en</c> the verdict is DataComp's: language is <c>en</c>, more than 2 words, more than 5
/// characters, shorter side at least 200, longer over shorter side at most 3.0.
/// </summary>
/// <param name="MinWords">Fewest words, a word being what Python's <c>str.split()</c> gives. 0 to 1,000. Default 3.</param>
/// <param name="MinChars">Fewest Unicode code points, as Python's <c>len</c>. 0 to 100,000. Default 6.</param>
/// <param name="MinSide">Shortest side allowed, in pixels. 0 to 100,000. Default 200.</param>
/// <param name="MaxAspect">Largest ratio of the longer to the shorter side. 1 to 100,000. Default 3.0.</param>
/// <param name="Language">Label that the language model must give, without <c>__label__</c>; <c>any</c> (default) asks no model.</param>
/// <param name="LanguageModel">Path of a fastText model file (lid.176.bin, lid.176.ftz or one's own); needed unless <c>language</c> is <c>any</c>.</param>
/// <param name="Size">
/// Whose size is judged: <c>original</c> (default) takes <c>original_width</c> and <c>original_height</c> of the sample's
/// JSON, as DataComp does, and the image's own size where they are missing; <c>stored</c> always takes the image's own.
/// </param>
public sealed record BasicFilterOptions(
    int MinWords, int MinChars, int MinSide, double MaxAspect, string Language, string? LanguageModel, string Size) : StageOptions
{
    /// <summary>The stage's <c>type</c>.</summary>
    public const string TypeName = "basic-filter";

    /// <summary><see cref="Language"/> that accepts every text.</summary>
    public const string AnyLanguage = "any";

    /// <inheritdoc />
    public override string Type => TypeName;

    /// <inheritdoc />
    public override IReadOnlyList<string> Signals => ["basic-filter.words", "basic-filter.chars"];

    /// <summary>Reads the options.</summary>
    public static BasicFilterOptions Read(DocumentScope scope)
    {
        var options = new BasicFilterOptions(
            (int)scope.Whole("minWords", 3, 0, 1_000),
            (int)scope.Whole("minChars", 6, 0, 100_000),
            (int)scope.Whole("minSide", 200, 0, 100_000),
            scope.Number("maxAspect", 3.0, 1.0, 100_000),
            scope.Text("language", AnyLanguage, 32),
            scope.Has("languageModel") ? scope.Text("languageModel") : null,
            scope.Choice("size", ["original", "stored"], "original"));
        if (options.Language != AnyLanguage && options.LanguageModel is null)
        {
            scope.Error(
                "languageModel",
                $"is missing: language '{options.Language}' needs the path of a fastText model file such as lid.176.bin; or set language to any");
        }

        return options;
    }

    /// <inheritdoc />
    public override JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["type"] = TypeName,
            ["minWords"] = MinWords,
            ["minChars"] = MinChars,
            ["minSide"] = MinSide,
            ["maxAspect"] = MaxAspect,
            ["language"] = Language,
        };
        if (LanguageModel is not null)
        {
            json["languageModel"] = LanguageModel;
        }

        json["size"] = Size;
        return json;
    }
}

/// <summary>The rules of <c>basic-filter</c>, pure.</summary>
public static class BasicFilterRule
{
    /// <summary>
    /// Judges one sample; the first rule that fails, in the order language, words, chars, side, aspect, is the reason.
    /// </summary>
    /// <param name="options">The options.</param>
    /// <param name="text">The caption.</param>
    /// <param name="width">Pixels, at least 1.</param>
    /// <param name="height">Pixels, at least 1.</param>
    /// <param name="language">Label of the language model, null where none was asked.</param>
    /// <returns>Null where the sample passes, else the reason code.</returns>
    public static string? Judge(BasicFilterOptions options, string text, int width, int height, string? language)
    {
        if (options.Language != BasicFilterOptions.AnyLanguage && language != options.Language)
        {
            return "basic-filter.language";
        }

        if (CountWords(text) < options.MinWords)
        {
            return "basic-filter.minWords";
        }

        if (CountChars(text) < options.MinChars)
        {
            return "basic-filter.minChars";
        }

        var shorter = Math.Min(width, height);
        if (shorter < options.MinSide)
        {
            return "basic-filter.minSide";
        }

        return (double)Math.Max(width, height) / shorter <= options.MaxAspect ? null : "basic-filter.maxAspect";
    }

    /// <summary>Number of words that Python's <c>str.split()</c> gives.</summary>
    public static int CountWords(string text)
    {
        var words = 0;
        var inWord = false;
        foreach (var c in text)
        {
            var space = IsPythonSpace(c);
            if (!space && !inWord)
            {
                words++;
            }

            inWord = !space;
        }

        return words;
    }

    /// <summary>Number of code points, as Python's <c>len</c>.</summary>
    public static int CountChars(string text)
    {
        var count = 0;
        foreach (Rune _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }

    // .NET leaves out the four separators U+001C..U+001F, which Python's str.isspace counts.
    private static bool IsPythonSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';
}
