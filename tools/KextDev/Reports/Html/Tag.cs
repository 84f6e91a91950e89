using System.Xml.Linq;

namespace KextDev.Reports.Html;

/// <summary>Short names for the elements of a page. Content is as <see cref="XElement"/> takes it: text becomes text, whatever is in it.</summary>
internal static class Tag
{
    /// <param name="classes">Of the style sheet; null for none.</param>
    public static XElement Of(string name, string? classes, params object?[] content) =>
        new(name, classes is null ? null : new XAttribute("class", classes), content);

    /// <summary>Something long behind its title.</summary>
    public static XElement Fold(object title, bool open, params object?[] content) =>
        new("details", open ? new XAttribute("open", "") : null, new XElement("summary", title), content);

    /// <summary>A heading, and what it is about in small letters.</summary>
    public static XElement Heading(string name, object title, string about) => Of(name, null, title, " ", Of("small", null, about));

    /// <summary>A command to type, in one piece.</summary>
    public static XElement Command(string line) => Of("code", "command", line);
}
