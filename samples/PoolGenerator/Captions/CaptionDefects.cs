using System.Globalization;
using Orchestrator.Samples.PoolGenerator.Scenes;

namespace Orchestrator.Samples.PoolGenerator.Captions;

/// <summary>Captions as a web crawl has them: wrong in one word, or saying nothing about the picture.</summary>
internal static class CaptionDefects
{
    private static readonly string[] Boilerplate =
    [
        "click here to see larger image", "add to cart", "click to enlarge", "image may be subject to copyright",
        "free shipping on all orders over 50", "sign up for our newsletter today", "photo courtesy of the author",
        "share this on social media", "read more about this story", "buy now and save 20 percent",
        "no image available at this time", "view full size in gallery", "all rights reserved by the owner",
        "home page banner advertisement", "download the high resolution version", "please enable javascript to view",
        "thumbnail for the latest news post", "related products you might like", "posted by admin on monday",
        "loading image please wait",
    ];

    private static readonly string[] TooShort =
        ["pic", "image", "photo", "n/a", "red", "shape", "a star", "logo", "img 1", "untitled", "blue", "the cover"];

    /// <summary>
    /// The scene with the colour or the shape of one object replaced by one that no object of the scene has:
    /// a caption of the result is true but for one word.
    /// </summary>
    public static Scene WithOneAttributeWrong(Scene scene, SeededStream stream)
    {
        var objects = scene.Objects.ToArray();
        var place = stream.Next(objects.Length);
        if (stream.Chance(0.5))
        {
            var free = Vocabulary.Colours.Where(c => objects.All(o => o.Colour != c)).ToArray();
            objects[place] = objects[place] with { Colour = stream.Pick(free) };
        }
        else
        {
            var free = Vocabulary.Shapes.Where(s => objects.All(o => o.Shape != s)).ToArray();
            objects[place] = objects[place] with { Shape = stream.Pick(free) };
        }

        return scene with { Objects = objects };
    }

    public static string DrawBoilerplate(SeededStream stream) => stream.Pick(Boilerplate);

    /// <summary>Fails DataComp's basic rules: at most two words or at most five characters.</summary>
    public static string DrawTooShort(SeededStream stream) => stream.Pick(TooShort);

    public static string DrawFileName(SeededStream stream)
    {
        var number = stream.Between(1, 9999);
        FormattableString name = stream.Next(6) switch
        {
            0 => $"IMG_{number:D4}.JPG",
            1 => $"DSC{number:D5}.jpg",
            2 => $"P10{number:D5}.JPG",
            3 => $"Screenshot 2019-{stream.Between(1, 12):D2}-{stream.Between(1, 28):D2} at 10.{number % 60:D2}.png",
            4 => $"image{number:D3}.png",
            _ => $"untitled-{number % 30} (1).jpg",
        };
        return name.ToString(CultureInfo.InvariantCulture);
    }
}
