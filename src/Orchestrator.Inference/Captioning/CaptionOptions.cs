namespace Orchestrator.Inference.Captioning;

/// <summary>How the next token of a caption is chosen.</summary>
public enum CaptionSearch
{
    /// <summary>Drawn from the most probable tokens (Holtzman 2020): CapFilt's choice, noisier and more useful than beams (BLIP, table 2).</summary>
    Nucleus,

    /// <summary>The likeliest whole caption among a few kept at each step; no chance in it.</summary>
    Beam,
}

/// <summary>Settings of caption generation; the defaults are BLIP's captioning demo (models/blip.py, configs/caption_coco.yaml).</summary>
public sealed record CaptionOptions
{
    /// <summary>Default nucleus.</summary>
    public CaptionSearch Search { get; init; } = CaptionSearch.Nucleus;

    /// <summary>Nucleus: the fewest tokens whose probabilities reach this are kept; above 0, at most 1. Default 0.9.</summary>
    public double TopP { get; init; } = 0.9;

    /// <summary>
    /// Nucleus: at most this many tokens are kept, before <see cref="TopP"/>; 0 for all. Default 50, which transformers' generate
    /// applies whenever it samples and which BLIP's code therefore had without naming it.
    /// </summary>
    public int TopK { get; init; } = 50;

    /// <summary>Divides the positive and multiplies the negative scores of tokens already there, prompt included; 1 for none. Null: 1.1 for nucleus, 1 for beam.</summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary>The end token is not allowed before this many tokens, begin and prompt included; 0 or more. Default 5.</summary>
    public int MinLength { get; init; } = 5;

    /// <summary>Longest caption in tokens, begin and prompt included. Default 20.</summary>
    public int MaxLength { get; init; } = 20;

    /// <summary>Beam: sequences kept at each step, 1 (greedy) or more. Default 3.</summary>
    public int Beams { get; init; } = 3;

    internal double Penalty => RepetitionPenalty ?? (Search == CaptionSearch.Nucleus ? 1.1 : 1.0);

    /// <summary>Every mistake, as "name: complaint"; empty when there is none.</summary>
    public IReadOnlyList<string> Validate()
    {
        var mistakes = new List<string>();
        void Need(bool holds, string mistake)
        {
            if (!holds)
            {
                mistakes.Add(mistake);
            }
        }

        Need(Enum.IsDefined(Search), $"Search: must be Nucleus or Beam, is {Search}");
        Need(TopP is > 0 and <= 1, $"TopP: must be above 0 and at most 1, is {TopP}");
        Need(TopK >= 0, $"TopK: must be 0 (all) or more, is {TopK}");
        Need(Penalty > 0 && double.IsFinite(Penalty), $"RepetitionPenalty: must be above 0, is {Penalty}");
        Need(MinLength >= 0, $"MinLength: must be 0 or more, is {MinLength}");
        Need(MaxLength > 0 && MaxLength >= MinLength, $"MaxLength: must be above 0 and not below MinLength {MinLength}, is {MaxLength}");
        Need(Beams is >= 1 and <= 4096, $"Beams: must be 1 to 4096, is {Beams}");
        return mistakes;
    }
}

/// <summary>A generated caption.</summary>
/// <param name="Text">Text after the prompt, special tokens left out; may be empty.</param>
/// <param name="Ids">Ids after the prompt, without the end token.</param>
/// <param name="Ended">False when the caption was cut at the longest length.</param>
public sealed record Caption(string Text, IReadOnlyList<int> Ids, bool Ended);
