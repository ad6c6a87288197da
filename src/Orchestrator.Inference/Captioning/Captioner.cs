using Orchestrator.Inference.Images;
using Orchestrator.Inference.Sessions;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Captioning;

/// <summary>A BLIP captioner: image encoder, text decoder with key and value cache, prompt. Kind <c>blip-caption</c>.</summary>
/// <remarks>
/// <para>The sequence begins with the begin token and the prompt's tokens (<c>[DEC] a picture of</c>); lengths count them. What comes
/// after the prompt is the caption (BLIP models/blip.py).</para>
/// <para>A caption depends on its image, its seed and the options; random numbers come from the sample's seed alone. Scores are
/// floating-point sums whose last bits may differ between batch sizes, so byte-identical captions need equal batch boundaries; the
/// other rows of a batch never matter. Safe for concurrent use; disposing while a run is under way is not.</para>
/// </remarks>
public sealed class Captioner : IDisposable
{
    private readonly ImageStateEncoder _images;
    private readonly CaptionDecoder _decoder;
    private readonly WordPieceTokenizer _tokenizer;
    private readonly string _prompt;
    private readonly int[] _begin;
    private readonly int _end;

    private Captioner(ModelFolder folder, ImageStateEncoder images, CaptionDecoder decoder, WordPieceTokenizer tokenizer)
    {
        (Folder, _images, _decoder, _tokenizer) = (folder, images, decoder, tokenizer);
        _prompt = folder.Manifest.Text("prompt") ?? "a picture of ";
        _begin = [tokenizer.IdOf(folder.Manifest.Text("bos_token") ?? "[DEC]"), .. tokenizer.Tokens(_prompt)];
        _end = tokenizer.IdOf(folder.Manifest.Text("eos_token") ?? "[SEP]");
    }

    /// <summary>The folder it was loaded from.</summary>
    public ModelFolder Folder { get; }

    /// <summary>What the image encoder takes.</summary>
    public PreprocessContract Preprocess => _images.Preprocess;

    /// <summary>Provider the decoder runs on: cuda or cpu.</summary>
    public string Provider => _decoder.Session.Provider;

    /// <summary>Tokens before the caption: the begin token and the prompt.</summary>
    public int PromptLength => _begin.Length;

    /// <summary>Settings for this model: the defaults, with <c>min_length</c> and <c>max_length</c> of its manifest where it states them.</summary>
    public CaptionOptions Defaults => new() { MinLength = Folder.Manifest.Integer("min_length") ?? 5, MaxLength = Folder.Manifest.Integer("max_length") ?? 20 };

    /// <summary>Loads and checks a folder of kind blip-caption; one token is generated for one grey image.</summary>
    /// <exception cref="ModelContractException">A file is missing, or graphs, configs and tokenizer do not fit together.</exception>
    public static Captioner Load(ModelFolder folder, InferenceOptions options)
    {
        if (folder.Kind != "blip-caption")
        {
            throw new ModelContractException(folder.FolderPath, "kind", "blip-caption", folder.Kind);
        }

        var tokenizer = TextTokenizers.LoadWordPiece(folder, 512);
        var images = ImageStateEncoder.Load(folder, options);
        CaptionDecoder? decoder = null;
        try
        {
            decoder = CaptionDecoder.Load(folder, options);
            var captioner = new Captioner(folder, images, decoder, tokenizer);
            captioner.Probe();
            return captioner;
        }
        catch
        {
            images.Dispose();
            decoder?.Dispose();
            throw;
        }
    }

    /// <summary>Encodes images; the states can be captioned more than once.</summary>
    /// <param name="pixels">count x <see cref="PreprocessContract.TensorLength"/> floats, as <see cref="ImagePreprocessor.Write"/> makes them.</param>
    /// <param name="count">Images, 1 or more.</param>
    /// <exception cref="ArgumentException">The length does not fit the count.</exception>
    public ImageStates EncodeImages(ReadOnlyMemory<float> pixels, int count) => _images.Encode(pixels, count);

    /// <summary>One caption an image, in the images' order.</summary>
    /// <param name="states">Images, 1 or more, as one batch.</param>
    /// <param name="seeds">A seed an image; not read by beam search.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="InvalidOperationException">The decoder's logits are not numbers.</exception>
    /// <exception cref="ArgumentException">Bad options, another number of seeds, or a longest length that leaves no room after the prompt.</exception>
    public IReadOnlyList<Caption> Generate(ImageStates states, ReadOnlySpan<ulong> seeds, CaptionOptions options)
    {
        if (options.Validate() is { Count: > 0 } mistakes)
        {
            throw new ArgumentException(string.Join("; ", mistakes), nameof(options));
        }

        if (options.MaxLength <= PromptLength)
        {
            throw new ArgumentException($"MaxLength: must be above {PromptLength}, the prompt's tokens, is {options.MaxLength}", nameof(options));
        }

        var places = Folder.ConfigInteger("text_config.max_position_embeddings") ?? Folder.ConfigInteger("max_position_embeddings");
        if (options.MaxLength > places)
        {
            throw new ArgumentException($"MaxLength: the model {Folder.Name} has {places} places for tokens, {options.MaxLength} asked for", nameof(options));
        }

        if (options.Search == CaptionSearch.Nucleus && seeds.Length != states.Count)
        {
            throw new ArgumentException($"{states.Count} images need as many seeds, got {seeds.Length}", nameof(seeds));
        }

        var sequences = options.Search == CaptionSearch.Nucleus
            ? NucleusSearch.Run(_decoder, states, _begin, _end, _tokenizer.PadId, seeds, options)
            : BeamSearch.Run(_decoder, states, _begin, _end, _tokenizer.PadId, options);
        return [.. sequences.Select(Finish)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _images.Dispose();
        _decoder.Dispose();
    }

    private Caption Finish(List<int> ids)
    {
        var ended = ids[^1] == _end;
        var whole = _tokenizer.Decode(ids);
        var text = whole.Length > _prompt.Length ? whole[_prompt.Length..].Trim() : "";
        return new Caption(text, [.. ids.Skip(_begin.Length).Take(ids.Count - _begin.Length - (ended ? 1 : 0))], ended);
    }

    /// <summary>Shapes that only running shows: the decoder reads the encoder's width and scores the tokenizer's vocabulary.</summary>
    private void Probe()
    {
        using var cache = _decoder.Start(EncodeImages(new float[Preprocess.TensorLength], 1));
        var scores = _decoder.Step(cache, [.. _begin.Select(id => (long)id)]);
        if (scores.Length <= _tokenizer.LargestId)
        {
            throw new ModelContractException(_decoder.Session.File, "logits", $"more than {_tokenizer.LargestId} scores, the tokenizer's largest id", $"{scores.Length}", "Take tokenizer and graphs from one model");
        }
    }
}
