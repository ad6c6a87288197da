namespace Orchestrator.Samples.PoolGenerator;

/// <summary>What is wrong with a sample. Each sample has at most one defect.</summary>
public enum DefectKind
{
    /// <summary>Nothing: the caption is true and the image fine.</summary>
    None,

    /// <summary>The caption describes another scene that shares no colour with this one.</summary>
    SwappedCaption,

    /// <summary>One colour or one shape in the caption is wrong.</summary>
    PartialTruth,

    /// <summary>The caption is a phrase of the web page, such as "add to cart".</summary>
    BoilerplateCaption,

    /// <summary>The caption is a file name, such as "IMG_2043.JPG".</summary>
    FileNameCaption,

    /// <summary>At most two words or five characters.</summary>
    ShortCaption,

    /// <summary>The caption is true, the shorter side is 48 to 160 pixels.</summary>
    TinyImage,

    /// <summary>The caption is true, the longer side is 3.2 to 4.5 times the shorter.</summary>
    ExtremeAspect,

    /// <summary>The same image bytes and the same caption as another sample, under another key.</summary>
    ExactDuplicate,

    /// <summary>Another sample's picture, rescaled, shifted and encoded again; another true caption.</summary>
    NearDuplicate,

    /// <summary>A JPEG of which only the first 5 to 60 % of the bytes are there; the caption is true.</summary>
    TruncatedImage,

    /// <summary>PNG or WebP bytes named <c>.jpg</c>, or JPEG bytes named <c>.png</c>; the image and the caption are fine.</summary>
    WrongExtension,

    /// <summary>No <c>.txt</c> member.</summary>
    MissingCaption,
}
