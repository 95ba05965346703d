<?php
/**
 * Plugin Name: Lookalike: similar items
 * Description: Shows similar items on product pages, by a shortcode, a block, or by itself.
 * Version: 0.1.0
 * Requires PHP: 7.4
 * License: Apache-2.0
 */

if (!defined('ABSPATH')) {
    exit;
}

const LOOKALIKE_ATTRIBUTES = array(
    'product-id', 'product-ids', 'surface', 'limit', 'facets', 'filter', 'min-match', 'heading',
    'heading-level', 'layout', 'tuning', 'currency', 'locale', 'saved', 'ga4', 'remember', 'labels',
);

/** The address of the Lookalike server, without a slash at its end. */
function lookalike_api() {
    return untrailingslashit((string) get_option('lookalike_api', ''));
}

/**
 * The panel. Attributes are those of <lookalike-panel>, with - or _, as shortcodes have them.
 * Without a product, it is the one on the page.
 */
function lookalike_panel($given = array()) {
    $api = lookalike_api();
    if ($api === '') {
        return current_user_can('manage_options')
            ? '<p>' . esc_html('Lookalike: enter the address of your server under Settings > Lookalike.') . '</p>'
            : '';
    }
    $attributes = array('layout' => 'carousel');
    foreach ((array) $given as $name => $value) {
        // A shortcode has an attribute without a value, such as [lookalike ga4], as a numbered one.
        list($name, $value) = is_int($name) ? array($value, '') : array($name, $value);
        $name = str_replace('_', '-', strtolower((string) $name));
        if (in_array($name, LOOKALIKE_ATTRIBUTES, true)) {
            $attributes[$name] = (string) $value;
        }
    }
    $surface = isset($attributes['surface']) ? $attributes['surface'] : 'similar';
    if ($surface === 'similar' && !isset($attributes['product-id']) && !isset($attributes['product-ids'])) {
        $id = get_the_ID();
        if (!$id) {
            return '';
        }
        $attributes['product-id'] = (string) $id;
    }
    if (!isset($attributes['currency']) && function_exists('get_woocommerce_currency')) {
        $attributes['currency'] = get_woocommerce_currency();
    }
    if (!isset($attributes['locale'])) {
        $attributes['locale'] = str_replace('_', '-', get_locale());
    }
    wp_enqueue_script('lookalike-panel', $api . '/lookalike-panel.js', array(), null, array('strategy' => 'async'));
    $html = '<lookalike-panel api="' . esc_url($api) . '"';
    $key = (string) get_option('lookalike_key', '');
    if ($key !== '') {
        $html .= ' key="' . esc_attr($key) . '"';
    }
    foreach ($attributes as $name => $value) {
        $html .= ' ' . $name . '="' . esc_attr($value) . '"';
    }
    return $html . '></lookalike-panel>';
}

add_shortcode('lookalike', 'lookalike_panel');

/** The panel below a product, in the place of WooCommerce's own related products. */
function lookalike_below_product() {
    if (get_option('lookalike_automatic', '1') === '1') {
        remove_action('woocommerce_after_single_product_summary', 'woocommerce_output_related_products', 20);
    }
}
add_action('wp', 'lookalike_below_product');
add_action('woocommerce_after_single_product_summary', function () {
    if (get_option('lookalike_automatic', '1') === '1') {
        echo lookalike_panel(); // phpcs:ignore -- escaped there
    }
}, 20);

add_action('init', function () {
    $editor = "wp.blocks.registerBlockType('lookalike/panel', {title: 'Similar items', icon: 'images-alt2',"
        . " category: 'widgets', attributes: {heading: {type: 'string', default: 'Similar items'}},"
        . " edit: function (props) { return wp.element.createElement('label', {}, 'Similar items: ',"
        . " wp.element.createElement('input', {value: props.attributes.heading, onChange: function (event) {"
        . " props.setAttributes({heading: event.target.value}); }})); }, save: function () { return null; }});";
    wp_register_script('lookalike-block', false, array('wp-blocks', 'wp-element'), null, true);
    wp_add_inline_script('lookalike-block', $editor);
    register_block_type('lookalike/panel', array(
        'api_version' => 3,
        'editor_script' => 'lookalike-block',
        'attributes' => array('heading' => array('type' => 'string', 'default' => 'Similar items')),
        'render_callback' => 'lookalike_panel',
    ));
});

add_action('admin_init', function () {
    register_setting('lookalike', 'lookalike_api', array('sanitize_callback' => 'esc_url_raw'));
    register_setting('lookalike', 'lookalike_key', array('sanitize_callback' => 'sanitize_text_field'));
    register_setting('lookalike', 'lookalike_automatic', array('sanitize_callback' => 'sanitize_text_field', 'default' => '1'));
});

add_action('admin_menu', function () {
    add_options_page('Lookalike', 'Lookalike', 'manage_options', 'lookalike', 'lookalike_settings_page');
});

function lookalike_settings_page() {
    echo '<div class="wrap"><h1>Lookalike</h1><form method="post" action="options.php">';
    settings_fields('lookalike');
    echo '<p><label>Address of your server<br><input class="regular-text" name="lookalike_api" type="url" placeholder="https://looks.example" value="' . esc_attr(get_option('lookalike_api', '')) . '"></label></p>';
    echo '<p><label>Public key, if the API has a key<br><input class="regular-text" name="lookalike_key" value="' . esc_attr(get_option('lookalike_key', '')) . '"></label></p>';
    echo '<p><input type="hidden" name="lookalike_automatic" value="0"><label><input name="lookalike_automatic" type="checkbox" value="1" ' . checked(get_option('lookalike_automatic', '1'), '1', false) . '> Show similar items on every product page, instead of related products</label></p>';
    submit_button();
    echo '</form></div>';
}
