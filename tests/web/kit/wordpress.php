<?php
// As much of WordPress and WooCommerce as the plugin calls; prints what a product page shows.
// Arguments: the plugin, the address of the server, the product's id, a shortcode's attributes.
define('ABSPATH', '/');
$options = array('lookalike_api' => $argv[2] . '/', 'lookalike_key' => 'pk"><b>', 'lookalike_automatic' => '1');
$hooks = $shortcodes = $blocks = $scripts = array();
function get_option($name, $default = '') { global $options; return $options[$name] ?? $default; }
function untrailingslashit($text) { return rtrim($text, '/'); }
function current_user_can($what) { return false; }
function esc_attr($text) { return htmlspecialchars($text, ENT_QUOTES); }
function esc_html($text) { return htmlspecialchars($text, ENT_QUOTES); }
function esc_url($text) { return preg_match('#^https?://#', $text) ? htmlspecialchars($text, ENT_QUOTES) : ''; }
function get_the_ID() { global $argv; return $argv[3]; }
function get_woocommerce_currency() { return 'EUR'; }
function get_locale() { return 'de_DE'; }
function wp_enqueue_script($name, $address) { global $scripts; $scripts[$name] = $address; }
function wp_register_script() {}
function wp_add_inline_script() {}
function add_shortcode($name, $call) { global $shortcodes; $shortcodes[$name] = $call; }
function add_action($name, $call, $priority = 10) { global $hooks; $hooks[$name][] = $call; }
function remove_action($name, $call, $priority = 10) { global $removed; $removed[] = $call; }
function register_block_type($name, $settings) { global $blocks; $blocks[$name] = $settings; }
function run($name) { global $hooks; foreach ($hooks[$name] ?? array() as $call) { $call(); } }

require $argv[1];
run('init');
run('wp');
ob_start();
run('woocommerce_after_single_product_summary');
$page = ob_get_clean();
$given = json_decode($argv[4] ?? '{}', true);
echo json_encode(array(
    'page' => $page,
    'shortcode' => $shortcodes['lookalike']($given),
    'block' => $blocks['lookalike/panel']['render_callback'](array('heading' => 'A "block"')),
    'scripts' => $scripts,
    'removed' => $removed,
));
