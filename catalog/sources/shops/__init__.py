"""Product exports of WooCommerce, Magento 2, PrestaShop and BigCommerce."""
